//! SQLite: how a file is opened and tuned, and what it does as a whole: checkpoints, copies.

mod header;
mod layout;
mod log_size;
mod statement;
mod transaction;

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::work::Counters;
use crate::inventory::error::Error;

pub(super) use statement::Statement;

/// The first SQLite whose write-ahead log is safe with two connections at the same moment.
const SAFE_SQLITE: i32 = 3_051_003;

/// How long a statement waits for another process, such as one that takes a copy.
const PATIENCE: Duration = Duration::from_secs(5);

/// In bytes. A longer write-ahead log is truncated to this after a checkpoint.
const LOG_LIMIT: u64 = 16 << 20;

/// The time in milliseconds.
pub(super) const CLOCK: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// With more jobs, the first of them would wait too long for its answer.
pub(super) const JOBS_PER_COMMIT: usize = 256;

/// How many statements stay prepared.
const READER_STATEMENTS: usize = 64;
const WRITER_STATEMENTS: usize = 128;

#[derive(Debug)]
pub(super) struct Connection {
    db: rusqlite::Connection,
    counters: Arc<Counters>,
}

impl Connection {
    /// Opens an existing file for writing.
    pub(super) fn writer(path: &Path) -> Result<Self, Error> {
        if rusqlite::version_number() < SAFE_SQLITE {
            return Err(Error::UnsafeSqlite(rusqlite::version().to_owned()));
        }
        let db = rusqlite::Connection::open(path)?;
        // SQLite would otherwise go on with a read-only connection.
        if db.is_readonly("main")? {
            let source = io::ErrorKind::ReadOnlyFilesystem.into();
            let path = path.to_owned();
            return Err(Error::Open { path, source });
        }
        Self::set_up(db, WRITER_STATEMENTS)
    }

    pub(super) fn reader(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = rusqlite::Connection::open_with_flags(path, flags)?;
        Self::set_up(db, READER_STATEMENTS)?.only_reading()
    }

    /// Opens a file to copy it. That counts as writing, even though the file is only read.
    pub(super) fn source(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = rusqlite::Connection::open_with_flags(path, flags)?;
        Self::set_up(db, READER_STATEMENTS)
    }

    /// Opens an inventory that cannot be written. It needs no file beside the database, and does not see what others
    /// write.
    pub(super) fn frozen(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let db = rusqlite::Connection::open_with_flags(frozen_uri(path), flags)?;
        Self::set_up(db, READER_STATEMENTS)?.only_reading()
    }

    /// Makes prepared statements keep their plan. Otherwise SQLite parses each statement again whenever a value is bound
    /// that a partial index might depend on, which is at every row.
    fn set_up(db: rusqlite::Connection, statements: usize) -> Result<Self, Error> {
        db.busy_timeout(PATIENCE)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        db.set_prepared_statement_cache_capacity(statements);
        Ok(Self {
            db,
            counters: Arc::default(),
        })
    }

    /// Adds the work of this connection to that of others.
    pub(super) fn counted_by(self, counters: Arc<Counters>) -> Self {
        Self { counters, ..self }
    }

    fn only_reading(self) -> Result<Self, Error> {
        self.script("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
        Ok(self)
    }

    pub(super) fn tune_for_writing(&self) -> Result<(), Error> {
        // FULL: an exchanged token exists nowhere else, so a commit must survive a power cut.
        // MEMORY: savepoints and statements keep copies of what they change, and in files these cost more than the work.
        self.script(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000;
             PRAGMA cache_size = -5000;
             PRAGMA temp_store = MEMORY;",
        )?;
        Ok(self
            .db
            .pragma_update(None, "journal_size_limit", LOG_LIMIT)?)
    }

    /// Runs several statements without values.
    pub(super) fn script(&self, sql: &str) -> Result<(), Error> {
        self.counters.add_one();
        Ok(self.db.execute_batch(sql)?)
    }

    /// Moves the write-ahead log into the database and truncates it.
    pub(super) fn checkpoint(&self) -> Result<(), Error> {
        let row = |_: &rusqlite::Row<'_>| Ok(());
        Ok(self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], row)?)
    }

    /// Asks SQLite whether the file is sound; `check` is `quick_check` or `integrity_check`.
    pub(super) fn examine(&self, path: &Path, check: &str) -> Result<(), Error> {
        let sql = format!("PRAGMA {check}(1)");
        let found: String = self
            .db
            .query_row(&sql, [], |row| row.get(0))
            .map_err(|error| Error::from(error).or_damaged(path))?;
        if found == "ok" {
            return Ok(());
        }
        let path = path.to_owned();
        Err(Error::Damaged { path, found })
    }

    /// Writes a copy, without what is free or deleted.
    pub(super) fn copy_into(&self, target: &Path) -> Result<(), Error> {
        let target = target.to_string_lossy();
        self.db.execute("VACUUM INTO ?1", [&*target])?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) const fn outside(&self) -> &rusqlite::Connection {
        &self.db
    }
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
