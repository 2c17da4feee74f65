//! Compares the two sides.

use std::collections::{BTreeMap, BTreeSet};

use super::MoveError;
use crate::inventory::engine::{Connection, Raw, Table};
use crate::inventory::error::Error;

/// The tables of both, each after those that it refers to. Both have the same ones, so that none is left out.
pub(super) fn tables_of_both(
    source: &Connection,
    target: &Connection,
) -> Result<Vec<Table>, Error> {
    let (from, to) = (source.tables()?, target.tables()?);
    let (of_source, of_target) = (columns(&from), columns(&to));
    let names = of_source.keys().chain(of_target.keys());
    let differ = names.filter(|name| of_source.get(*name) != of_target.get(*name));
    let differ: BTreeSet<&str> = differ.copied().collect();
    if !differ.is_empty() {
        let names: Vec<&str> = differ.into_iter().collect();
        return Err(MoveError::Tables(names.join(", ")).into());
    }
    // Only one of them knows the order.
    Ok(if source.has_order() { from } else { to })
}

fn columns(tables: &[Table]) -> BTreeMap<&str, BTreeSet<&str>> {
    let named = tables.iter().map(|table| {
        let columns = table.columns.iter().map(String::as_str);
        (table.name.as_str(), columns.collect())
    });
    named.collect()
}

/// Returns how many rows there are.
pub(super) fn compare_counts(
    source: &Connection,
    target: &Connection,
    tables: &[Table],
) -> Result<u64, Error> {
    let mut all = 0;
    for table in tables {
        let count = |db: &Connection| db.value::<u64>(&table.count(), &[]);
        let (from, to) = (count(source)?, count(target)?);
        if from != to {
            let table = table.name.clone();
            return Err(MoveError::Counts { table, from, to }.into());
        }
        all += to;
    }
    Ok(all)
}

/// Whether both hold the same inventory, and no daemon has run on either since they were the same.
pub(super) fn hold_the_same(source: &Connection, target: &Connection) -> Result<bool, Error> {
    let Ok(tables) = tables_of_both(source, target) else {
        return Ok(false);
    };
    if compare_counts(source, target, &tables).is_err() {
        return Ok(false);
    }
    for question in [
        "SELECT id, wrapped FROM data_key ORDER BY id",
        "SELECT id, at FROM event ORDER BY id DESC LIMIT 100",
    ] {
        let answer = |db: &Connection| -> Result<Vec<[Raw; 2]>, Error> {
            db.all(question, &[], |row| Ok([row.get(0)?, row.get(1)?]))
        };
        if answer(source)? != answer(target)? {
            return Ok(false);
        }
    }
    Ok(true)
}
