//! Where an inventory is: in a file, or on a server that several machines reach.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Error;
use super::engine::Address;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL.
    Server(Box<Address>),
}

impl Place {
    /// Whether both lead to the same inventory in the same way, whatever the daemon is called there.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Server(one), Self::Server(other)) => one.leads_where(other),
            (Self::File(_), Self::Server(_)) | (Self::Server(_), Self::File(_)) => false,
        }
    }

    pub const fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

    /// Tells a damaged file from other errors of the database.
    pub(super) fn or_damaged(&self, error: Error) -> Error {
        match self {
            Self::File(path) => error.or_damaged(path),
            Self::Server(_) => error,
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}
