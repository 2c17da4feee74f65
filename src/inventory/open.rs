//! Opens the inventory: file, pragmas, schema, keys. Everything is checked before anything is written.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::file_ownership::give_to_owner_of;
use super::{Error, copy, keys, schema, upgrade};
use crate::secret::{Key, Sealer};

/// The first SQLite whose write-ahead log is safe with two connections at the same moment.
const SAFE_SQLITE: i32 = 3_051_003;

/// How long a statement waits for another process, such as one that takes a copy.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens a connection that writes. Creates the file if there is none.
fn connect(path: &Path) -> Result<Connection, Error> {
    if rusqlite::version_number() < SAFE_SQLITE {
        return Err(Error::UnsafeSqlite(rusqlite::version().to_owned()));
    }
    make(path).map_err(copy::failed(path))?;
    let db = Connection::open(path)?;
    // SQLite would otherwise go on with a read-only connection.
    if db.is_readonly("main")? {
        return Err(copy::failed(path)(io::ErrorKind::ReadOnlyFilesystem.into()));
    }
    db.busy_timeout(PATIENCE)?;
    cache_plans(&db)?;
    Ok(db)
}

/// Creates the file. Follows no link, and leaves an existing file as it is.
fn make(path: &Path) -> io::Result<()> {
    let mut new = OpenOptions::new();
    match new.write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => give_to_owner_of(&copy::folder_of(path), &file),
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
            return Err(Error::Open {
                path: path.to_owned(),
                source,
            });
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

pub(super) fn connect_reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    reading(Connection::open_with_flags(path, flags)?)
}

/// Opens a connection for an inventory that cannot be written. It needs no file beside the database, and does not see
/// what others write.
pub(super) fn connect_frozen(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    reading(Connection::open_with_flags(frozen_uri(path), flags)?)
}

fn frozen_uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped = path.as_os_str().as_bytes().iter().map(|byte| match byte {
        b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
            char::from(*byte).to_string()
        }
        _ => format!("%{byte:02x}"),
    });
    format!("file:{}?immutable=1", escaped.collect::<String>())
}

fn reading(db: Connection) -> Result<Connection, Error> {
    db.busy_timeout(PATIENCE)?;
    db.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
    cache_plans(&db)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Makes prepared statements keep their plan. Otherwise SQLite parses each statement again whenever a value is bound
/// that a partial index might depend on, which is at every row.
fn cache_plans(db: &Connection) -> Result<(), Error> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Checks owner, schema and key on a connection that cannot write. Returns the schema's number, 0 for a new file.
pub(super) fn inspect(path: &Path, key: &Key) -> Result<u32, Error> {
    reject_foreign_file(path)?;
    if !path.exists() {
        return Ok(0);
    }
    let inspected = connect_reader(path).and_then(|db| look_at(&db, path, key));
    inspected.map_err(|error| match error {
        Error::Storage(error) => damaged(path, error),
        other => other,
    })
}

pub(super) fn look_at(db: &Connection, path: &Path, key: &Key) -> Result<u32, Error> {
    let version = schema::inspect(db, path)?;
    examine(db, path, "quick_check")?;
    if version > 0 {
        keys::unwrap(db, key)?;
    }
    Ok(version)
}

/// Asks SQLite whether the file is sound.
pub(super) fn examine(db: &Connection, path: &Path, check: &str) -> Result<(), Error> {
    let found = db.query_row(&format!("PRAGMA {check}(1)"), [], |row| row.get(0));
    let found: String = found.map_err(|error| damaged(path, error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(Error::Damaged {
        path: path.to_owned(),
        found,
    })
}

/// Tells a damaged file from other errors of SQLite.
pub(super) fn damaged(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged {
            path: path.to_owned(),
            found: error.to_string(),
        },
        Some(_) | None => Error::Storage(error),
    }
}

/// Opens the inventory for writing and upgrades it. Makes a copy first if there is something to upgrade.
pub(super) fn open(path: &Path, key: &Key) -> Result<(Connection, Sealer), Error> {
    open_with(path, key, schema::FILES)
}

pub(super) fn open_with(
    path: &Path,
    key: &Key,
    files: &[&str],
) -> Result<(Connection, Sealer), Error> {
    let version = inspect(path, key)?;
    if (1..schema::newest(files)).contains(&version) {
        upgrade::copy_before_upgrade(path, version)?;
    }
    let db = connect(path)?;
    let sealer = prepare(&db, version, key, files)?;
    Ok((db, sealer))
}

/// Upgrades what was inspected, and returns the sealer for its cells.
fn prepare(db: &Connection, version: u32, key: &Key, files: &[&str]) -> Result<Sealer, Error> {
    tune(db)?;
    schema::upgrade(db, version, files)?;
    if version == 0 {
        keys::make(db, key)?;
    }
    let sealer = keys::sealer(db, key)?;
    keys::adopt_key(db, key)?;
    Ok(sealer)
}

/// Opens for writing what was opened for reading before.
pub(super) fn open_again(path: &Path) -> Result<Connection, Error> {
    let db = connect(path)?;
    tune(&db)?;
    Ok(db)
}

/// In bytes. A longer write-ahead log is truncated to this after a checkpoint.
pub(super) const LOG_LIMIT: u64 = 16 << 20;

fn tune(db: &Connection) -> Result<(), Error> {
    // FULL: an exchanged token exists nowhere else, so a commit must survive a power cut.
    // MEMORY: savepoints and statements keep copies of what they change, and in files these cost more than the work.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA cache_size = -8000;
         PRAGMA temp_store = MEMORY;",
    )?;
    db.pragma_update(None, "journal_size_limit", LOG_LIMIT)?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(())
}
