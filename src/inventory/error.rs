//! Why the inventory does not do what it was asked to, and what to do about it.

use std::path::PathBuf;

use crate::secret::KeyId;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("another perennial is using {0}. Stop it first: systemctl stop perennial")]
    InUse(PathBuf),
    #[error(
        "{path} was written by a newer perennial (schema {found}, this one knows {known}). \
         Install that version again, or restore a copy from before the upgrade"
    )]
    NewerSchema {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error("{0} is not an inventory of perennial. Check [inventory] path")]
    NotAnInventory(PathBuf),
    #[error(
        "the inventory was sealed with key {stored}, the configured key is {given}. \
         Put the right key in place; nothing has been changed. If that key is lost, so are the tokens: move the \
         inventory away, and import new tokens into a new one"
    )]
    WrongKey { stored: String, given: KeyId },
    #[error(
        "a sealed value of {0} does not open: its row was moved or altered. Only a new token heals that \
         (perennial forget {0}, then perennial import), or a copy from before (perennial restore FILE)"
    )]
    Unsealable(String),
    #[error(
        "{path} is damaged ({found}). Nothing was changed. Stop the daemon and bring back a copy: \
         perennial restore FILE. Nightly copies are in the folder backups beside it, unless [inventory] backups \
         names another"
    )]
    Damaged { path: PathBuf, found: String },
    #[error(
        "{folder} has {free} MiB free, and a copy of the inventory needs {needed} MiB there. Make room and try again; \
         nothing was changed"
    )]
    NoRoom {
        folder: PathBuf,
        needed: u64,
        free: u64,
    },
    #[error(
        "{0} is there already and is not overwritten. Name another file, or move that one away"
    )]
    Taken(PathBuf),
    #[error("cannot open {path}: {source}")]
    Open {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the SQLite library is {0}, older than the first one that keeps a WAL safe (3.51.3)")]
    UnsafeSqlite(String),
    /// The disk or the database is in trouble; the daemon keeps answering and tries again.
    #[error("the inventory cannot be used right now: {0}")]
    Storage(#[from] rusqlite::Error),
    #[error("the inventory could not save its work: {0}")]
    Commit(String),
    #[error("the inventory is closing")]
    Closed,
    #[error("the inventory holds a word that this version does not know: {0}")]
    Foreign(String),
    #[error("the machine gives no random numbers")]
    NoRandomness,
}

impl Error {
    /// The disk or the file is in trouble, not what was asked for.
    pub fn is_of_the_disk(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            Self::Storage(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    Code::DiskFull
                        | Code::ReadOnly
                        | Code::SystemIoFailure
                        | Code::DatabaseCorrupt
                        | Code::CannotOpen
                )
            ),
            Self::Commit(_) => true,
            _ => false,
        }
    }

    /// This one record is not to be written, whatever else is.
    pub fn is_of_the_record(&self) -> bool {
        !matches!(self, Self::Closed) && !self.is_of_the_disk()
    }

    /// Room on the disk is all that it takes.
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::Storage(error) => {
                error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::Commit(reason) => reason.contains("disk is full"),
            Self::NoRoom { .. } => true,
            _ => false,
        }
    }
}
