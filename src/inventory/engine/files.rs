//! What only files have.

use std::path::Path;

use super::connection::Connection;
use super::connection::Engine::{Postgres, Sqlite};
use super::sqlite;
use crate::inventory::error::Error;

impl Connection {
    /// Opens an existing file for writing.
    pub(in crate::inventory) fn writer(path: &Path) -> Result<Self, Error> {
        sqlite::Connection::writer(path).map(Sqlite).map(Self)
    }

    pub(in crate::inventory) fn reader(path: &Path) -> Result<Self, Error> {
        sqlite::Connection::reader(path).map(Sqlite).map(Self)
    }

    /// Opens a file to copy it. That counts as writing, even though the file is only read.
    pub(in crate::inventory) fn source(path: &Path) -> Result<Self, Error> {
        sqlite::Connection::source(path).map(Sqlite).map(Self)
    }

    /// Opens an inventory that cannot be written. It needs no file beside the database, and does not see what others
    /// write.
    pub(in crate::inventory) fn frozen(path: &Path) -> Result<Self, Error> {
        sqlite::Connection::frozen(path).map(Sqlite).map(Self)
    }

    pub(in crate::inventory) fn tune_for_writing(&self) -> Result<(), Error> {
        self.file()?.tune_for_writing()
    }

    /// For a file that nothing reads before it is whole, and that is thrown away otherwise.
    pub(in crate::inventory) fn tune_for_making(&self) -> Result<(), Error> {
        self.file()?.tune_for_making()
    }

    /// Moves the write-ahead log into the database and truncates it.
    pub(in crate::inventory) fn checkpoint(&self) -> Result<(), Error> {
        self.file()?.checkpoint()
    }

    /// Asks SQLite whether the file is sound; `check` is `quick_check` or `integrity_check`.
    pub(in crate::inventory) fn examine(&self, path: &Path, check: &str) -> Result<(), Error> {
        self.file()?.examine(path, check)
    }

    /// Writes a copy, without what is free or deleted.
    pub(in crate::inventory) fn copy_into(&self, target: &Path) -> Result<(), Error> {
        self.file()?.copy_into(target)
    }

    const fn file(&self) -> Result<&sqlite::Connection, Error> {
        match &self.0 {
            Sqlite(db) => Ok(db),
            Postgres(_) => Err(Error::NotFile),
        }
    }
}

/// Tests look at the tables of a file from outside.
#[cfg(test)]
impl std::ops::Deref for Connection {
    type Target = rusqlite::Connection;

    fn deref(&self) -> &Self::Target {
        self.file().unwrap().outside()
    }
}
