//! SQLite: how it is opened and tuned, and what it does as a whole: transactions, checkpoints, copies.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::{Connection, Counters};
use crate::inventory::error::Error;

/// The first SQLite whose write-ahead log is safe with two connections at the same moment.
const SAFE_SQLITE: i32 = 3_051_003;

/// How long a statement waits for another process, such as one that takes a copy.
pub(in crate::inventory) const PATIENCE: Duration = Duration::from_secs(5);

/// In bytes. A longer write-ahead log is truncated to this after a checkpoint.
pub(in crate::inventory) const LOG_LIMIT: u64 = 16 << 20;

/// How many statements stay prepared.
const READER_STATEMENTS: usize = 64;
const WRITER_STATEMENTS: usize = 128;

impl Connection {
    /// Opens an existing file for writing.
    pub(in crate::inventory) fn writer(path: &Path) -> Result<Self, Error> {
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

    pub(in crate::inventory) fn reader(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = rusqlite::Connection::open_with_flags(path, flags)?;
        Self::set_up(db, READER_STATEMENTS)?.only_reading()
    }

    /// Opens a file to copy it. That counts as writing, even though the file is only read.
    pub(in crate::inventory) fn source(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = rusqlite::Connection::open_with_flags(path, flags)?;
        Self::set_up(db, READER_STATEMENTS)
    }

    /// Opens an inventory that cannot be written. It needs no file beside the database, and does not see what others
    /// write.
    pub(in crate::inventory) fn frozen(path: &Path) -> Result<Self, Error> {
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
    pub(in crate::inventory) fn counted_by(self, counters: &Arc<Counters>) -> Self {
        Self {
            counters: Arc::clone(counters),
            ..self
        }
    }

    fn only_reading(self) -> Result<Self, Error> {
        self.script("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
        Ok(self)
    }

    pub(in crate::inventory) fn tune_for_writing(&self) -> Result<(), Error> {
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
    pub(in crate::inventory) fn script(&self, sql: &str) -> Result<(), Error> {
        self.counters.add_one();
        Ok(self.db.execute_batch(sql)?)
    }

    /// Runs `work` in one transaction, which is undone if it fails.
    pub(in crate::inventory) fn atomically<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let transaction = self.db.unchecked_transaction()?;
        let done = work()?;
        transaction.commit()?;
        Ok(done)
    }

    /// The time by the clock of the database, in milliseconds. It is the same for all that share the database.
    pub(in crate::inventory) fn clock(&self) -> Result<i64, Error> {
        self.value("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)", &[])
    }

    /// Added to a query, keeps the rows that it reads as they are until the transaction ends. SQLite has one writer, so
    /// nothing needs to be added.
    pub(in crate::inventory) const fn for_share(&self) -> &'static str {
        ""
    }

    /// Call it before a transaction records its first event. Followers of the journal ask for what comes after the last id
    /// that they saw, so ids must be in the order of the commits. SQLite has one writer, so they are. An engine with
    /// several locks one row here until the transaction ends: whoever records an event has it, and no other transaction
    /// gets an id in between.
    pub(in crate::inventory) const fn order_events(&self) -> Result<(), Error> {
        Ok(())
    }

    pub(in crate::inventory) fn is_in_transaction(&self) -> bool {
        !self.db.is_autocommit()
    }

    /// How long to wait for a lock from now on.
    pub(in crate::inventory) fn wait_for_locks(&self, patience: Duration) {
        // Cannot fail on an open connection.
        let _ = self.db.busy_timeout(patience);
    }

    /// Moves the write-ahead log into the database and truncates it.
    pub(in crate::inventory) fn checkpoint(&self) -> Result<(), Error> {
        let row = |_: &rusqlite::Row<'_>| Ok(());
        Ok(self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], row)?)
    }

    pub(in crate::inventory) fn path(&self) -> Option<&Path> {
        self.db.path().map(Path::new)
    }

    /// One of the numbers in the header of the file.
    pub(in crate::inventory) fn header(&self, pragma: &str) -> Result<u32, Error> {
        let sql = format!("PRAGMA {pragma}");
        Ok(self.db.query_row(&sql, [], |row| row.get(0))?)
    }

    pub(in crate::inventory) fn set_header(&self, pragma: &str, number: u32) -> Result<(), Error> {
        Ok(self.db.pragma_update(None, pragma, number)?)
    }

    /// Asks SQLite whether the file is sound; `check` is `quick_check` or `integrity_check`.
    pub(in crate::inventory) fn examine(&self, path: &Path, check: &str) -> Result<(), Error> {
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
    pub(in crate::inventory) fn copy_into(&self, target: &Path) -> Result<(), Error> {
        let target = target.to_string_lossy();
        self.db.execute("VACUUM INTO ?1", [&*target])?;
        Ok(())
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
