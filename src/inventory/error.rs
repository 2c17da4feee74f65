//! Errors of the inventory, each with what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::engine::{Failure, ServerError, WriteErrorKind};
use super::moving::MoveError;
use crate::model::Duty;
use crate::secret::KeyId;

/// The inventory cannot be written, and on a server that does not answer it cannot be read either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable {
    pub kind: WriteErrorKind,
    pub reason: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("another perennial is using {0}. Stop it first: systemctl stop perennial")]
    InUse(PathBuf),
    #[error(
        "{place} was written by a newer perennial (schema {found}, this one knows {known}). \
         Install that version again, or restore a copy from before the upgrade"
    )]
    NewerSchema {
        place: String,
        found: u32,
        known: u32,
    },
    #[error(
        "{0} was written by a version before the first release, which this one cannot read. Nothing was changed. Move the \
         file away, start the daemon, and import the tokens again (perennial import)"
    )]
    Prerelease(PathBuf),
    #[error("{0} is not an inventory of perennial. Check [inventory] path")]
    NotAnInventory(PathBuf),
    #[error(
        "the inventory was sealed with key {stored}, but the configured key is {given}. Nothing was changed. Put the right \
         key in place; if a change of the key was interrupted, finish it: sudo perennial rekey. If that key is lost, the \
         tokens cannot be recovered: move the inventory away, start the daemon, and import new tokens"
    )]
    WrongKey { stored: String, given: KeyId },
    #[error(
        "a sealed value of {0} cannot be opened: its row was moved or altered. Import a new token (perennial forget {0}, \
         then perennial import), or restore a copy from before (perennial restore FILE)"
    )]
    Unsealable(String),
    #[error(
        "{path} is damaged ({found}). Nothing was changed. Stop the daemon and restore a copy: perennial restore FILE. \
         Nightly copies are in the folder backups beside it, unless [inventory] backups names another folder"
    )]
    Damaged { path: PathBuf, found: String },
    #[error(
        "{folder} has {free} MiB free, but a copy of the inventory needs {needed} MiB there. Nothing was changed. Make \
         room and try again"
    )]
    NoRoom {
        folder: PathBuf,
        needed: u64,
        free: u64,
    },
    #[error(
        "{0}: the inventory was moved from here to another place with perennial move-inventory. Name that place in \
         [inventory], and start the daemon there. If that place is lost, see how to go back: perennial restore --help"
    )]
    Moved(String),
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error(
        "daemons still use the inventory on {place}: {nodes}. Nothing was changed. Stop each of them: systemctl stop \
         perennial. One that was killed counts as running for a minute"
    )]
    NodesRunning { place: String, nodes: String },
    #[error(
        "the totals of the inventory do not fit its tokens: its rows were restored into tables that counted them once \
         more. Stop every daemon, and restore the whole copy: pg_restore --clean --if-exists --single-transaction"
    )]
    WrongTotals,
    #[error("{0} already exists and is not overwritten. Name another file, or move that one away")]
    Taken(PathBuf),
    #[error("cannot open {path}: {source}")]
    Open { path: PathBuf, source: io::Error },
    #[error(
        "SQLite {0} is too old to keep a write-ahead log safe. Use a build with SQLite 3.51.3 or newer"
    )]
    UnsafeSqlite(String),
    #[error("{0}")]
    Server(ServerError),
    #[error("a server's inventory is not a file")]
    NotFile,
    /// The disk or the database failed. The daemon keeps answering and tries again.
    #[error("the inventory cannot be used right now: {0}")]
    Storage(Failure),
    /// The transaction was not saved, or could not begin.
    #[error("the inventory could not be written: {0}")]
    Unwritable(Unwritable),
    /// Another node has taken over, so what this one was about to write is up to that one.
    #[error("the duty {0} is no longer held by this node")]
    DutyLost(Duty),
    #[error("the inventory is closing")]
    Closed,
    #[error(
        "the inventory contains a value that this version does not know: {0}. Restore a copy from before (perennial \
         restore)"
    )]
    Foreign(String),
    #[error("cannot get random numbers from the operating system")]
    NoRandomness,
}

impl Error {
    /// What keeps the inventory from being written; `None` when the error is in the request.
    pub fn write_error_kind(&self) -> Option<WriteErrorKind> {
        match self {
            Self::Storage(failure) => failure.write_error_kind(),
            Self::Unwritable(why) => Some(why.kind),
            Self::Open { source, .. } => Some(kind_of_file_error(source)),
            _ => None,
        }
    }

    /// Whether the error concerns only this record, so that others can still be written.
    pub fn is_of_the_record(&self) -> bool {
        !matches!(self, Self::Closed | Self::DutyLost(_)) && self.write_error_kind().is_none()
    }

    /// Tells a damaged file from other errors of the database.
    pub(super) fn or_damaged(self, path: &Path) -> Self {
        match self {
            Self::Storage(failure) if failure.is_damage() => Self::Damaged {
                path: path.to_owned(),
                found: failure.to_string(),
            },
            Self::Foreign(value) => Self::Damaged {
                path: path.to_owned(),
                found: format!("an unknown value: {value}"),
            },
            other => other,
        }
    }

    /// Names the token that has the unknown value.
    pub(super) fn of_token(self, name: &str) -> Self {
        match self {
            Self::Foreign(value) => Self::Foreign(format!("{value} of token {name}")),
            other => other,
        }
    }

    /// What went wrong with a file.
    pub(super) fn of_file(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Open {
            path: path.to_owned(),
            source,
        }
    }

    /// Whether the database has undone a transaction that can be done again.
    pub fn is_conflict(&self) -> bool {
        self.write_error_kind() == Some(WriteErrorKind::Conflict)
    }

    /// Whether freeing disk space is all that is needed.
    pub fn is_full_disk(&self) -> bool {
        matches!(self, Self::NoRoom { .. }) || self.write_error_kind() == Some(WriteErrorKind::Full)
    }
}

fn kind_of_file_error(error: &io::Error) -> WriteErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => WriteErrorKind::Full,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            WriteErrorKind::ReadOnly
        }
        _ => WriteErrorKind::Other,
    }
}

impl Unwritable {
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Unwritable(why) => why.clone(),
            _ => Self {
                kind: error.write_error_kind().unwrap_or(WriteErrorKind::Other),
                reason: match error {
                    Error::Storage(failure) => failure.to_string(),
                    _ => error.to_string(),
                },
            },
        }
    }
}

impl fmt::Display for Unwritable {
    /// Writes what is wrong, and what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            WriteErrorKind::Full => "the disk is full. Make room on it; df -h shows how much there is",
            WriteErrorKind::ReadOnly => {
                "the file or its file system is read-only. Make it writable; findmnt shows how it is mounted"
            }
            WriteErrorKind::Locked => {
                "another program holds the lock of the database. End that program; fuser -v shows it, and \
                 pg_stat_activity on a server"
            }
            WriteErrorKind::Unreachable => {
                "the database server does not answer. The daemon keeps trying, and serves secrets that were read \
                 lately. Check the server and the network between"
            }
            WriteErrorKind::Standby => {
                "the database server takes no writes. Name the one that does in [inventory] url, or all of them"
            }
            WriteErrorKind::Conflict => {
                "another transaction was in the way. What was undone is done again; pg_stat_activity shows other programs \
                 on the server"
            }
            WriteErrorKind::OtherSchema => {
                "another version of perennial has upgraded the inventory. Upgrade this node as well and restart it. Until \
                 then it writes nothing, and the upgraded nodes do the work"
            }
            WriteErrorKind::Other => return f.write_str(&self.reason),
        })?;
        write!(f, " ({})", self.reason)
    }
}
