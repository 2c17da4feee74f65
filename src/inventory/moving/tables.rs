//! Copies rows as they are stored, some at a time, so that memory does not grow with the inventory.

use super::{MoveProgress, Report};
use crate::inventory::engine::{Connection, LastNumber, Raw, Table, ToColumn};
use crate::inventory::error::Error;

/// How many bytes are read at a time, as far as the rows before tell, and within which numbers of rows.
const PAGE: usize = 2 << 20;
const FIRST_ROWS: usize = 50;
const MOST_ROWS: usize = 2_000;

type RawRow = Vec<Raw>;

/// Copies all rows. Returns how many there were.
pub(super) fn copy_all(
    source: &Connection,
    target: &Connection,
    tables: &[Table],
    report: Report<'_>,
) -> Result<u64, Error> {
    let all = all_rows(source, tables)?;
    let mut done = 0;
    for table in tables {
        // The schema makes the row of the totals.
        target.run(&table.clear(), &[])?;
        let mut batch = target.batch(&table.insert())?;
        let mut pages = Pages::new(source, table);
        while let Some(rows) = pages.next()? {
            for row in &rows {
                batch.add(&params(row))?;
            }
            done += rows.len() as u64;
            report(MoveProgress::Rows { done, all });
        }
        batch.finish()?;
        // What follows looks up many of these rows.
        target.analyze(table)?;
    }
    Ok(done)
}

fn all_rows(source: &Connection, tables: &[Table]) -> Result<u64, Error> {
    let counts = tables
        .iter()
        .map(|table| source.value::<u64>(&table.count(), &[]));
    counts.sum()
}

fn params(row: &RawRow) -> Vec<&dyn ToColumn> {
    row.iter().map(|value| value as &dyn ToColumn).collect()
}

/// A table, page by page in the order of its key.
struct Pages<'p> {
    db: &'p Connection,
    table: &'p Table,
    /// The key of the last row.
    after: Option<RawRow>,
    rows: usize,
}

impl<'p> Pages<'p> {
    const fn new(db: &'p Connection, table: &'p Table) -> Self {
        Self {
            db,
            table,
            after: None,
            rows: FIRST_ROWS,
        }
    }

    fn next(&mut self) -> Result<Option<Vec<RawRow>>, Error> {
        let columns = self.table.columns.len();
        let read = |row: &crate::inventory::engine::Row<'_>| {
            (0..columns).map(|column| row.get(column)).collect()
        };
        let rows: Vec<RawRow> = match &self.after {
            None => self.db.all(&self.table.first_rows(), &[&self.rows], read)?,
            Some(key) => {
                let mut values = params(key);
                values.push(&self.rows);
                self.db.all(&self.table.next_rows(), &values, read)?
            }
        };
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        let key = self.table.key.iter().filter_map(|at| last.get(*at));
        self.after = Some(key.cloned().collect());
        let bytes: usize = rows.iter().flatten().map(Raw::size).sum();
        let per_row = bytes / rows.len() + 1;
        self.rows = (PAGE / per_row).clamp(FIRST_ROWS, MOST_ROWS);
        Ok(Some(rows))
    }
}

/// New rows must not get numbers that were given before, even to rows that are gone.
pub(super) fn copy_numbers(
    source: &Connection,
    target: &Connection,
    tables: &[Table],
) -> Result<(), Error> {
    let kept = source.last_numbers()?;
    let numbered = [kept.clone(), target.last_numbers()?].concat();
    let is_numbered = |table: &&Table| numbered.iter().any(|last| last.table == table.name);
    for table in tables.iter().filter(is_numbered) {
        let greatest: i64 = source.value(&table.greatest("id"), &[])?;
        let kept = kept.iter().find(|last| last.table == table.name);
        let number = kept.map_or(greatest, |last| last.number.max(greatest));
        if number > 0 {
            let table = table.name.clone();
            target.set_last_number(&LastNumber { table, number })?;
        }
    }
    Ok(())
}
