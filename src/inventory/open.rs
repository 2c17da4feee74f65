//! Opening: the lock, the pragmas, the keys. Everything is looked at before anything is written.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Error, copy, keys, schema, upgrade};
use crate::secret::{Key, Sealer};

/// "Pere": tells our files from any other SQLite database.
pub(super) const APPLICATION_ID: u32 = 0x5065_7265;

/// The first SQLite whose write-ahead log survives two connections at the same moment.
const SAFE_SQLITE: i32 = 3_051_003;

/// How long a statement waits for another process, such as a copy that is being taken.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The lock stands beside the database, so that a backup tool may still open the database itself.
pub(super) fn lock(database: &Path) -> Result<File, Error> {
    let path = beside(database, ".lock");
    let open = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path);
    let file = open.map_err(|source| Error::Open {
        path: path.clone(),
        source,
    })?;
    // What root makes here while the daemon is down must not keep the daemon out.
    copy::give_to_owner_of(&copy::folder_of(database), &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::Open {
            path: database.to_owned(),
            source,
        }),
    }
}

pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn connect(path: &Path) -> Result<Connection, Error> {
    if rusqlite::version_number() < SAFE_SQLITE {
        return Err(Error::UnsafeSqlite(rusqlite::version().to_owned()));
    }
    let create = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path);
    let made = create.map_err(|source| Error::Open {
        path: path.to_owned(),
        source,
    })?;
    if made.metadata().is_ok_and(|made| made.len() == 0) {
        copy::give_to_owner_of(&copy::folder_of(path), path)?;
    }
    let db = Connection::open(path)?;
    db.busy_timeout(PATIENCE)?;
    keep_plans(&db)?;
    Ok(db)
}

/// SQLite would say "file is not a database" only after we had begun; look at the first bytes ourselves.
fn refuse_foreign_file(path: &Path) -> Result<(), Error> {
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
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(PATIENCE)?;
    db.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
    keep_plans(&db)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// A prepared statement keeps its plan. Otherwise SQLite parses each statement again whenever a value is bound that a
/// partial index might depend on, which is at every row.
fn keep_plans(db: &Connection) -> Result<(), Error> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Looks at owner, schema and key on a connection that cannot write. Gives the schema's number, 0 for a new file.
pub(super) fn inspect(path: &Path, key: &Key) -> Result<u32, Error> {
    refuse_foreign_file(path)?;
    if !path.exists() {
        return Ok(0);
    }
    let look = || {
        let db = connect_reader(path)?;
        let version = schema::inspect(&db, path)?;
        examine(&db, path, "quick_check")?;
        if version > 0 {
            keys::unwrap(&db, key)?;
        }
        Ok(version)
    };
    look().map_err(|error| match error {
        Error::Storage(error) => damaged(path, error),
        other => other,
    })
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

/// What SQLite says of a file that is broken, and of any other trouble.
pub(super) fn damaged(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged {
            path: path.to_owned(),
            found: error.to_string(),
        },
        Some(_) | None => Error::Storage(error),
    }
}

/// Opens it for writing and upgrades it, after a copy was made where there is something to upgrade.
pub(super) fn open(path: &Path, key: &Key) -> Result<(Connection, Sealer), Error> {
    let version = inspect(path, key)?;
    if (1..schema::NEWEST).contains(&version) {
        upgrade::keep_copy(path, version)?;
    }
    let db = connect(path)?;
    let sealer = prepare(&db, version, key)?;
    Ok((db, sealer))
}

/// Upgrades what was inspected, and returns what opens the sealed cells.
fn prepare(db: &Connection, version: u32, key: &Key) -> Result<Sealer, Error> {
    // FULL: an exchanged token exists nowhere else, so a commit must survive a power cut.
    // Savepoints and statements keep copies of what they change; in memory, for in files they cost more than the work.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA cache_size = -8000;
         PRAGMA temp_store = MEMORY;",
    )?;
    db.set_prepared_statement_cache_capacity(128);
    let before = match version {
        0 => None,
        _ => Some(keys::sealer(db, key)?),
    };
    schema::upgrade(db, version, before.as_ref())?;
    if (1..schema::NEWEST).contains(&version) {
        // What the upgrade sealed or removed is not left in the write-ahead log.
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    if version == 0 {
        keys::make(db, key)?;
    }
    let sealer = keys::sealer(db, key)?;
    keys::settle(db, key)?;
    Ok(sealer)
}
