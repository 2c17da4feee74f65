//! What a database engine answers when it does not do what it is asked.

use std::fmt;

use super::postgres::{Fault, FaultKind};

/// Why nothing can be written, as far as it matters to the person who fixes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteErrorKind {
    Full,
    ReadOnly,
    /// Another program holds the lock of the database.
    Locked,
    /// The database server does not answer, so nothing can be read either.
    Unreachable,
    /// The database server takes no writes: it is a standby.
    Standby,
    /// Another transaction was in the way, and the database has undone this one.
    Conflict,
    /// Another version of the program has changed the schema of the inventory.
    OtherSchema,
    Other,
}

/// An error of a database engine.
#[derive(Debug)]
pub struct Failure(Cause);

#[derive(Debug)]
enum Cause {
    Sqlite(rusqlite::Error),
    Postgres(Fault),
}

/// SQLITE_IOERR_SHMSIZE: the wal-index could not grow. SQLite does not report this as a full disk.
const SHM_SIZE: i32 = 10 | (19 << 8);

impl Failure {
    /// A statement that always has a row had none.
    pub(super) const fn no_row() -> Self {
        Self(Cause::Sqlite(rusqlite::Error::QueryReturnedNoRows))
    }

    /// `None` when the error is in the statement, not in the disk, the file or the server.
    pub(in crate::inventory) fn write_error_kind(&self) -> Option<WriteErrorKind> {
        match &self.0 {
            Cause::Sqlite(error) => kind_of_sqlite(error),
            Cause::Postgres(fault) => kind_of_postgres(fault.kind()),
        }
    }

    /// Whether the file itself is damaged.
    pub(in crate::inventory) fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match &self.0 {
            Cause::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(DatabaseCorrupt | NotADatabase)
            ),
            Cause::Postgres(_) => false,
        }
    }
}

fn kind_of_sqlite(error: &rusqlite::Error) -> Option<WriteErrorKind> {
    use rusqlite::ErrorCode as Code;
    let error = error.sqlite_error()?;
    match error.code {
        Code::DiskFull => Some(WriteErrorKind::Full),
        Code::SystemIoFailure if error.extended_code == SHM_SIZE => Some(WriteErrorKind::Full),
        Code::ReadOnly | Code::PermissionDenied => Some(WriteErrorKind::ReadOnly),
        Code::DatabaseBusy | Code::DatabaseLocked => Some(WriteErrorKind::Locked),
        Code::SystemIoFailure | Code::CannotOpen | Code::DatabaseCorrupt => {
            Some(WriteErrorKind::Other)
        }
        _ => None,
    }
}

const fn kind_of_postgres(kind: FaultKind) -> Option<WriteErrorKind> {
    match kind {
        FaultKind::Lost | FaultKind::Silent => Some(WriteErrorKind::Unreachable),
        FaultKind::Standby => Some(WriteErrorKind::Standby),
        FaultKind::Full => Some(WriteErrorKind::Full),
        FaultKind::Locked => Some(WriteErrorKind::Locked),
        FaultKind::Conflict => Some(WriteErrorKind::Conflict),
        FaultKind::OtherSchema => Some(WriteErrorKind::OtherSchema),
        FaultKind::Passing => Some(WriteErrorKind::Other),
        FaultKind::Statement => None,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Sqlite(error) => error.fmt(f),
            Cause::Postgres(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self(Cause::Sqlite(error))
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self(Cause::Postgres(fault))
    }
}
