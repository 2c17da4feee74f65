//! Moves a whole inventory from a file to a server, or back. It is in place when all of it is there and checked; until
//! then the source stays as it is. Afterwards the source is marked, so that no daemon goes on with it by mistake.

mod checks;
mod error;
mod sides;
mod tables;

use super::cells;
use super::engine::{Connection, Table};
use super::error::Error;
use super::{Place, keys};
use crate::secret::{Key, Sealer};

pub use error::MoveError;
use sides::{Source, Target};

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveProgress {
    /// So many rows of all tables were copied.
    Rows { done: u64, all: u64 },
    /// So many secrets were opened at the target.
    Secrets { done: u64 },
}

/// What was moved, and how it was checked.
#[derive(Debug)]
pub struct Moved {
    pub tables: usize,
    pub rows: u64,
    pub tokens: u64,
    /// How many sealed values were opened at the target.
    pub secrets: u64,
    /// How many do not open there, and did not at the source.
    pub unsealable: u64,
    /// An earlier move had copied everything, and only the source was not marked yet.
    pub was_there: bool,
    /// Why the source could not be marked, so that a daemon would still go on with it.
    pub unmarked: Option<Error>,
}

type Report<'r> = &'r mut dyn FnMut(MoveProgress);

/// Moves the inventory. `key` opens it before and after. The thread must be one that may wait for a server.
pub fn move_inventory(
    from: &Place,
    to: &Place,
    key: &Key,
    report: Report<'_>,
) -> Result<Moved, Error> {
    match (from, to) {
        (Place::File(_), Place::File(_)) => return Err(MoveError::BothFiles.into()),
        (Place::Server(_), Place::Server(_)) => return Err(MoveError::BothServers.into()),
        (Place::File(_), Place::Server(_)) | (Place::Server(_), Place::File(_)) => {}
    }
    let source = Source::open(from, key)?;
    let sealer = keys::sealer(source.db(), key)?;
    let moved = match Target::open(to)? {
        Target::Empty(empty) => empty.fill(|db| fill(&source, db, to, &sealer, report))?,
        Target::Taken(db) => complete(&source, &db, to, &sealer, report)?,
    };
    let unmarked = source.mark().err();
    Ok(Moved { unmarked, ..moved })
}

/// Copies everything into a new schema, and checks it before it becomes durable.
fn fill(
    source: &Source,
    target: &Connection,
    to: &Place,
    sealer: &Sealer,
    report: Report<'_>,
) -> Result<Moved, Error> {
    let tables = checks::tables_of_both(source.db(), target)?;
    let rows = target.without_triggers(&tables, || {
        tables::copy_all(source.db(), target, &tables, report)
    })?;
    tables::copy_numbers(source.db(), target, &tables)?;
    let moved = checked(source, target, &tables, sealer, report)?;
    if moved.rows == rows {
        return Ok(moved);
    }
    let place = to.to_string();
    Err(MoveError::Changed { place }.into())
}

/// An earlier move may have been interrupted before it marked its source.
fn complete(
    source: &Source,
    target: &Connection,
    to: &Place,
    sealer: &Sealer,
    report: Report<'_>,
) -> Result<Moved, Error> {
    if !checks::hold_the_same(source.db(), target)? {
        let place = to.to_string();
        return Err(MoveError::NotEmpty { place }.into());
    }
    let tables = checks::tables_of_both(source.db(), target)?;
    let moved = checked(source, target, &tables, sealer, report)?;
    Ok(Moved {
        was_there: true,
        ..moved
    })
}

/// Compares the tables, and opens every secret of the target.
fn checked(
    source: &Source,
    target: &Connection,
    tables: &[Table],
    sealer: &Sealer,
    report: Report<'_>,
) -> Result<Moved, Error> {
    let rows = checks::compare_counts(source.db(), target, tables)?;
    let opened = cells::open_all(target, sealer, &mut |done| {
        report(MoveProgress::Secrets { done });
    })?;
    if opened.unsealable > 0 {
        let before = cells::open_all(source.db(), sealer, &mut |_| {})?;
        if before != opened {
            return Err(MoveError::Secrets(opened.unsealable - before.unsealable).into());
        }
    }
    Ok(Moved {
        tables: tables.len(),
        rows,
        tokens: target.value("SELECT count(*) FROM token", &[])?,
        secrets: opened.cells - opened.unsealable,
        unsealable: opened.unsealable,
        was_there: false,
        unmarked: None,
    })
}
