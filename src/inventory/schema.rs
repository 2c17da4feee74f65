//! The schema: its files, applied in order. After the first release, files are only appended.

use std::path::Path;

use super::Error;
use super::engine::Connection;

pub(super) const FILES: &[&str] = &[include_str!("schema/0001_inventory.sql")];

/// Marks a SQLite file as an inventory of Perennial: "Pern".
const APPLICATION_ID: u32 = 0x5065_726e;

/// Marks files of versions before the first release, whose schemas are no longer read: "Pere".
const PRERELEASE_ID: u32 = 0x5065_7265;

pub(super) const NEWEST: u32 = newest(FILES);

/// Returns the schema's number, 0 for an empty file. Refuses other programs' files and newer schemas; writes nothing.
pub(super) fn inspect(db: &Connection, path: &Path) -> Result<u32, Error> {
    let found = db.header("user_version")?;
    let owner = db.header("application_id")?;
    let tables: u32 = db.value("SELECT count(*) FROM sqlite_schema", &[])?;
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
        db.atomically(|| {
            db.script(sql)?;
            db.set_header("user_version", number)?;
            db.set_header("application_id", APPLICATION_ID)
        })?;
    }
    Ok(())
}
