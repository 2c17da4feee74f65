//! The schema: its files, applied in order. After the first release, files are only appended.

use std::path::Path;

use rusqlite::Connection;

use super::Error;

pub(super) const FILES: &[&str] = &[include_str!("schema/0001_inventory.sql")];

/// Marks a SQLite file as an inventory of Perennial: "Pern".
const APPLICATION_ID: u32 = 0x5065_726e;

/// Marks files of versions before the first release, whose schemas are no longer read: "Pere".
const PRERELEASE_ID: u32 = 0x5065_7265;

pub(super) const NEWEST: u32 = newest(FILES);

/// Returns the schema's number, 0 for an empty file. Refuses other programs' files and newer schemas; writes nothing.
pub(super) fn inspect(db: &Connection, path: &Path) -> Result<u32, Error> {
    let found: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let owner: u32 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && owner == PRERELEASE_ID {
        return Err(Error::Prerelease(path.to_owned()));
    }
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

pub(super) const fn newest(files: &[&str]) -> u32 {
    files.len() as u32
}

/// Applies the missing files, each in one transaction.
pub(super) fn upgrade(db: &Connection, from: u32, files: &[&str]) -> Result<(), Error> {
    for (number, sql) in (1_u32..).zip(files).skip(from as usize) {
        let tx = db.unchecked_transaction()?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", number)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.commit()?;
    }
    Ok(())
}
