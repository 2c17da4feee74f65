//! The schema's history: files that are only ever appended to, applied in order.

use std::path::Path;

use rusqlite::Connection;

use super::{Error, open::APPLICATION_ID, resealing};
use crate::secret::Sealer;

const HISTORY: &[&str] = &[
    include_str!("schema/0001_inventory.sql"),
    include_str!("schema/0002_webhooks.sql"),
    include_str!("schema/0003_undelivered.sql"),
    include_str!("schema/0004_login.sql"),
    include_str!("schema/0005_telling.sql"),
    include_str!("schema/0006_upkeep.sql"),
    include_str!("schema/0007.sql"),
];

pub(super) const NEWEST: u32 = HISTORY.len() as u32;

/// The schema's number, 0 for a file that is still empty. Refuses what is not ours or newer; writes nothing.
pub(super) fn inspect(db: &Connection, path: &Path) -> Result<u32, Error> {
    let found: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let owner: u32 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && owner != APPLICATION_ID {
        return Err(Error::NotAnInventory(path.to_owned()));
    }
    if found > NEWEST {
        return Err(Error::NewerSchema {
            path: path.to_owned(),
            found,
            known: NEWEST,
        });
    }
    Ok(found)
}

/// Applies what is missing, each step whole or not at all. Without a sealer it is a new inventory.
pub(super) fn upgrade(db: &Connection, from: u32, sealer: Option<&Sealer>) -> Result<(), Error> {
    for (number, sql) in (1_u32..).zip(HISTORY).skip(from as usize) {
        let tx = db.unchecked_transaction()?;
        tx.execute_batch(sql)?;
        if number == resealing::SINCE {
            resealing::seal(&tx, sealer)?;
        }
        tx.pragma_update(None, "user_version", number)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.commit()?;
    }
    Ok(())
}
