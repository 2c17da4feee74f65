//! The schema: its files, applied in order. After the first release, files are only appended.
//!
//! Of several daemons on a server, the first that is newer upgrades the schema when it starts. The older ones notice it
//! before their next write, and write nothing from then on: they cannot know what a write has to keep. What they hold of
//! duties ends within seconds, and the newer one takes it. They go on reading, so a file takes nothing away that the
//! release before it reads.

use std::path::Path;

use super::Error;
use super::engine::{Connection, Identity, Owner, SchemaFile};

pub(super) const FILES: &[SchemaFile<'_>] = &[SchemaFile {
    sqlite: include_str!("schema/0001_inventory.sql"),
    postgres: include_str!("schema/postgres/0001_inventory.sql"),
}];

pub(super) const NEWEST: u32 = newest(FILES);

/// Returns the schema's number, 0 for an empty file. Refuses other programs' files and newer schemas; writes nothing.
pub(super) fn inspect(db: &Connection, path: &Path) -> Result<u32, Error> {
    let identity = db.identity()?;
    match identity.owner {
        Owner::Moved => Err(Error::Moved(path.display().to_string())),
        Owner::Prerelease => Err(Error::Prerelease(path.to_owned())),
        Owner::Other => Err(Error::NotAnInventory(path.to_owned())),
        Owner::Nobody | Owner::Perennial => known(identity, || path.display().to_string()),
    }
}

/// The same for a file that a copy is taken of. It may be one whose content was moved to another place.
pub(super) fn inspect_source(db: &Connection, path: &Path) -> Result<u32, Error> {
    let identity = db.identity()?;
    match identity.owner {
        Owner::Moved => known(identity, || path.display().to_string()),
        Owner::Nobody | Owner::Perennial | Owner::Prerelease | Owner::Other => inspect(db, path),
    }
}

/// Returns the schema's number, unless it is newer than all that this version knows.
pub(super) fn known(identity: Identity, place: impl FnOnce() -> String) -> Result<u32, Error> {
    if identity.version <= NEWEST {
        return Ok(identity.version);
    }
    Err(Error::NewerSchema {
        place: place(),
        found: identity.version,
        known: NEWEST,
    })
}

pub(super) const fn newest(files: &[SchemaFile<'_>]) -> u32 {
    files.len() as u32
}

/// Applies the missing files. Call it inside a transaction.
pub(super) fn upgrade(db: &Connection, from: u32, files: &[SchemaFile<'_>]) -> Result<(), Error> {
    for (number, file) in (1_u32..).zip(files).skip(from as usize) {
        db.apply(file, number)?;
    }
    Ok(())
}
