//! Opening: the lock, the pragmas, the keys. Everything is looked at before anything is written.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::{Error, Settings, schema};
use crate::secret::{DataKey, Purpose, Sealer};

/// "Pere": tells our files from any other SQLite database.
pub(super) const APPLICATION_ID: u32 = 0x5065_7265;

/// The first SQLite whose write-ahead log survives two connections at the same moment.
const SAFE_SQLITE: i32 = 3_051_003;

/// The lock stands beside the database, so that a backup tool may still open the database itself.
pub(super) fn lock(database: &Path) -> Result<File, Error> {
    let path = beside(database, ".lock");
    let open = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path);
    let file = open.map_err(|source| Error::Open { path, source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::Open {
            path: database.to_owned(),
            source,
        }),
    }
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    if rusqlite::version_number() < SAFE_SQLITE {
        return Err(Error::UnsafeSqlite(rusqlite::version().to_owned()));
    }
    let create = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path);
    create.map_err(|source| Error::Open {
        path: path.to_owned(),
        source,
    })?;
    let db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(5))?;
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
    db.busy_timeout(Duration::from_secs(5))?;
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
pub(super) fn inspect(settings: &Settings) -> Result<u32, Error> {
    refuse_foreign_file(&settings.path)?;
    if !settings.path.exists() {
        return Ok(0);
    }
    let db = connect_reader(&settings.path)?;
    let version = schema::inspect(&db, &settings.path)?;
    if version > 0 {
        unwrap_keys(&db, settings)?;
    }
    Ok(version)
}

/// Upgrades what was inspected, and returns what opens the sealed cells.
pub(super) fn prepare(db: &Connection, version: u32, settings: &Settings) -> Result<Sealer, Error> {
    // FULL: an exchanged token exists nowhere else, so a commit must survive a power cut.
    // Savepoints and statements keep copies of what they change; in memory, for in files they cost more than the work.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA cache_size = -8000;
         PRAGMA temp_store = MEMORY;",
    )?;
    db.set_prepared_statement_cache_capacity(128);
    schema::upgrade(db, version)?;
    if version == 0 {
        make_keys(db, settings)?;
    }
    Sealer::new(&unwrap_keys(db, settings)?).ok_or_else(|| Error::Foreign("no data key".to_owned()))
}

fn unwrap_keys(db: &Connection, settings: &Settings) -> Result<Vec<DataKey>, Error> {
    let mut stored = db.prepare("SELECT id, purpose, wrapped, wrapping_key FROM data_key")?;
    let rows = stored.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, Vec<u8>>(2)?,
            row.get(3)?,
        ))
    })?;
    let mut keys = Vec::new();
    for row in rows {
        let (id, purpose, wrapped, stored): (u32, String, Vec<u8>, String) = row?;
        let purpose = if purpose == "seal" {
            Purpose::Seal
        } else {
            Purpose::Fingerprint
        };
        let key =
            DataKey::unwrap(id, purpose, &wrapped, &settings.key).map_err(|_| Error::WrongKey {
                stored,
                given: settings.key.id(),
            })?;
        keys.push(key);
    }
    Ok(keys)
}

fn make_keys(db: &Connection, settings: &Settings) -> Result<(), Error> {
    let tx = db.unchecked_transaction()?;
    for (id, purpose, word) in [
        (1, Purpose::Seal, "seal"),
        (2, Purpose::Fingerprint, "fingerprint"),
    ] {
        let key = DataKey::generate(id, purpose).map_err(|_| Error::NoRandomness)?;
        let wrapped = key.wrap(&settings.key).map_err(|_| Error::NoRandomness)?;
        tx.execute(
            "INSERT INTO data_key (id, purpose, wrapped, wrapping_key, created_at)
             VALUES (?1, ?2, ?3, ?4, unixepoch())",
            params![id, word, wrapped, settings.key.id().to_string()],
        )?;
    }
    Ok(tx.commit()?)
}
