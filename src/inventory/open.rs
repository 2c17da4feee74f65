//! Opens the inventory: file or server, schema, keys. Everything is checked before anything is written.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::copy::{Source, reject_non_empty, size_of};
use super::engine::{Connection, Owner, SchemaFile, Server};
use super::error::Error;
use super::{keys, schema};
use crate::files::{beside, folder_of, give_to_owner_of};
use crate::secret::{Key, Sealer};

/// Opens a connection that writes. Creates the file if there is none.
pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    make(path).map_err(Error::of_file(path))?;
    let db = Connection::writer(path)?;
    db.tune_for_writing()?;
    Ok(db)
}

/// Creates the file. Follows no link, and leaves an existing file as it is.
fn make(path: &Path) -> io::Result<()> {
    let mut new = OpenOptions::new();
    match new.write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => give_to_owner_of(&folder_of(path), &file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A folder that nothing can be added to may contain the file already.
        Err(_) if path.exists() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Reads the first bytes itself, because SQLite says "file is not a database" only after work has begun.
fn reject_foreign_file(path: &Path) -> Result<(), Error> {
    let head = match read_head(path) {
        Ok(head) => head,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Error::of_file(path)(source));
        }
    };
    if head.is_empty() || head.starts_with(b"SQLite format 3\0") {
        return Ok(());
    }
    Err(Error::NotAnInventory(path.to_owned()))
}

fn read_head(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read;
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(head)
}

/// Checks owner, schema and key on a connection that cannot write. Returns the schema's number, 0 for a new file.
pub(super) fn inspect(path: &Path, key: &Key) -> Result<u32, Error> {
    inspect_as(schema::inspect, path, key)
}

/// The same for a file that a copy is taken of.
pub(super) fn inspect_source(path: &Path, key: &Key) -> Result<u32, Error> {
    inspect_as(schema::inspect_source, path, key)
}

type InspectSchema = fn(&Connection, &Path) -> Result<u32, Error>;

fn inspect_as(schema: InspectSchema, path: &Path, key: &Key) -> Result<u32, Error> {
    reject_foreign_file(path)?;
    if !path.exists() {
        return Ok(0);
    }
    let inspected = Connection::reader(path)
        .and_then(|db| schema(&db, path).and_then(|version| examine(&db, version, path, key)));
    inspected.map_err(|error| error.or_damaged(path))
}

/// Finds out whether this key opens the inventory in a file. Writes nothing, and disturbs no daemon.
pub fn try_key(path: &Path, key: &Key) -> Result<(), Error> {
    let head = read_head(path).map_err(Error::of_file(path))?;
    if head.is_empty() {
        return Err(Error::NotAnInventory(path.to_owned()));
    }
    reject_foreign_file(path)?;
    let db = Connection::source(path)?;
    schema::inspect_source(&db, path)?;
    keys::unwrap(&db, key).map(drop)
}

pub(super) fn look_at(db: &Connection, path: &Path, key: &Key) -> Result<u32, Error> {
    examine(db, schema::inspect(db, path)?, path, key)
}

fn examine(db: &Connection, version: u32, path: &Path, key: &Key) -> Result<u32, Error> {
    db.examine(path, "quick_check")?;
    if version > 0 {
        keys::unwrap(db, key)?;
    }
    Ok(version)
}

/// Opens the inventory for writing and upgrades it. Makes a copy first if there is something to upgrade.
pub(super) fn open(path: &Path, key: &Key) -> Result<(Connection, Sealer), Error> {
    open_with(path, key, schema::FILES)
}

pub(super) fn open_with(
    path: &Path,
    key: &Key,
    files: &[SchemaFile<'_>],
) -> Result<(Connection, Sealer), Error> {
    roll_back_interrupted(path)?;
    let version = inspect(path, key)?;
    if (1..schema::newest(files)).contains(&version) {
        copy_before_upgrade(path, version)?;
    }
    let db = connect(path)?;
    let sealer = prepare(&db, version, key, files)?;
    Ok((db, sealer))
}

/// A crash in the first write to a new file leaves a rollback journal, which a connection that only reads cannot undo. Later
/// writes use the write-ahead log.
fn roll_back_interrupted(path: &Path) -> Result<(), Error> {
    reject_foreign_file(path)?;
    if path.exists() && beside(path, "-journal").exists() {
        Connection::writer(path)?.examine(path, "quick_check")?;
    }
    Ok(())
}

/// Connects to a server for writing. A pooler is noticed first: a setting of one session would reach the other programs
/// that it serves.
pub(super) fn connect_to(server: &Arc<Server>) -> Result<Connection, Error> {
    let db = Connection::to_write(server)?;
    db.reject_pooler(&Connection::to_write(server)?)?;
    Ok(db)
}

/// Opens the inventory of a server for writing and upgrades it.
pub(super) fn open_on(server: &Arc<Server>, key: &Key) -> Result<(Connection, Sealer), Error> {
    open_on_with(server, key, schema::FILES)
}

pub(super) fn open_on_with(
    server: &Arc<Server>,
    key: &Key,
    files: &[SchemaFile<'_>],
) -> Result<(Connection, Sealer), Error> {
    let db = connect_to(server)?;
    let place = || server.address().to_string();
    let identity = db.identity()?;
    if identity.owner == Owner::Moved {
        return Err(Error::Moved(place()));
    }
    let version = schema::known(identity, place)?;
    if version > 0 {
        keys::unwrap(&db, key)?;
    }
    let sealer = prepare(&db, version, key, files)?;
    Ok((db, sealer))
}

/// Copies the inventory to a file beside it, the way back to the version that wrote it. Does nothing if an earlier start
/// that got no further did so already.
fn copy_before_upgrade(database: &Path, schema: u32) -> Result<(), Error> {
    let db = Connection::reader(database)?;
    let newest: Option<Timestamp> = db.value("SELECT max(at) FROM event", &[])?;
    let newest = newest.map_or_else(
        || "empty".to_owned(),
        |at| at.strftime("%Y%m%dT%H%M%SZ").to_string(),
    );
    let folder = folder_of(database);
    let target = folder.join(format!("pre-upgrade-schema-{schema}-{newest}.db"));
    // Once for the copy, once for what the upgrade writes.
    reject_non_empty(&folder, 2 * size_of(database)?)?;
    match Source::open(database)?.copy_to(&target, database) {
        Ok(_) | Err(Error::Taken(_)) => {}
        Err(error) => return Err(error),
    }
    tracing::info!(
        copy = %target.display(),
        "the inventory has an older schema; it was copied and is now upgraded"
    );
    Ok(())
}

/// Upgrades what was inspected, and returns the sealer for its cells. Of several that do so at once, one makes the schema
/// and the keys.
fn prepare(
    db: &Connection,
    version: u32,
    key: &Key,
    files: &[SchemaFile<'_>],
) -> Result<Sealer, Error> {
    if version < schema::newest(files) {
        db.atomically(|| {
            let version = db.identity_to_upgrade()?.version;
            schema::upgrade(db, version, files)?;
            if version == 0 {
                keys::make(db, key)?;
            }
            Ok(())
        })?;
    }
    let sealer = keys::sealer(db, key)?;
    keys::adopt_key(db, key)?;
    Ok(sealer)
}
