//! What the database engine answers when it does not do what it is asked.

use rusqlite::ErrorCode;

/// Why nothing can be written, as far as it matters to the person who fixes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteErrorKind {
    Full,
    ReadOnly,
    /// Another program holds the lock of the database.
    Locked,
    Other,
}

/// An error of the database engine.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failure(pub(super) rusqlite::Error);

/// SQLITE_IOERR_SHMSIZE: the wal-index could not grow. SQLite does not report this as a full disk.
const SHM_SIZE: i32 = 10 | (19 << 8);

impl Failure {
    /// `None` when the error is in the statement, not in the disk or the file.
    pub(in crate::inventory) fn write_error_kind(&self) -> Option<WriteErrorKind> {
        let code = self.0.sqlite_error()?;
        match code.code {
            ErrorCode::DiskFull => Some(WriteErrorKind::Full),
            ErrorCode::SystemIoFailure if code.extended_code == SHM_SIZE => {
                Some(WriteErrorKind::Full)
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some(WriteErrorKind::ReadOnly),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(WriteErrorKind::Locked),
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::DatabaseCorrupt => {
                Some(WriteErrorKind::Other)
            }
            _ => None,
        }
    }

    /// Whether the file itself is damaged.
    pub(in crate::inventory) fn is_damage(&self) -> bool {
        matches!(
            self.0.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }
}
