//! What of the inventory can be had: reading and writing, or reading alone where the disk is full or read-only.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::file_ownership::may_be_written;
use super::lock::{lock, lock_folder};
use super::{Error, READERS, Settings, Unwritable, WriteErrorKind, keys, open, schema};
use crate::secret::Sealer;

/// An inventory that was opened as far as it could be.
pub(super) struct Access {
    pub(super) store: Store,
    pub(super) readers: Vec<Connection>,
    pub(super) sealer: Sealer,
}

/// What the writer works with. A lock is held until the database is closed: one process per inventory.
pub(super) enum Store {
    Open {
        db: Connection,
        _lock: File,
    },
    /// It is opened for writing as soon as that can be done.
    ReadOnly {
        path: PathBuf,
        why: Unwritable,
        /// `None` where it could not be made.
        lock: Option<File>,
        _folder: Option<File>,
    },
}

impl Access {
    /// Both, or reading alone, or why not even that.
    pub(super) fn open(settings: &Settings) -> Result<Self, Error> {
        let error = match Self::to_write(settings) {
            Err(error) if error.write_error_kind().is_some() => error,
            opened => return opened,
        };
        match Self::to_read(settings, why(&error, &settings.path)) {
            Ok(Some(access)) => Ok(access),
            // What is wrong with the inventory itself matters more than that it cannot be written to.
            Err(other) if other.write_error_kind().is_none() => Err(other),
            Ok(None) | Err(_) => Err(error),
        }
    }

    fn to_write(Settings { path, key }: &Settings) -> Result<Self, Error> {
        let lock = lock(path)?;
        let (db, sealer) = open::open(path, key)?;
        Ok(Self {
            store: Store::Open { db, _lock: lock },
            readers: readers(path)?,
            sealer,
        })
    }

    /// Nothing where it would have to be changed first: it is of another schema, or its log must be folded in.
    fn to_read(Settings { path, key }: &Settings, why: Unwritable) -> Result<Option<Self>, Error> {
        let (lock, folder) = match lock(path) {
            Ok(lock) => (Some(lock), None),
            Err(error @ Error::InUse(_)) => return Err(error),
            Err(_) => (None, Some(lock_folder(path)?)),
        };
        let Some(readers) = readers_only(path)? else {
            return Ok(None);
        };
        let first = readers.first().ok_or(Error::Closed)?;
        if open::look_at(first, path, key)? != schema::NEWEST {
            return Ok(None);
        }
        let sealer = keys::sealer(first, key)?;
        Ok(Some(Self {
            store: Store::ReadOnly {
                path: path.clone(),
                why,
                lock,
                _folder: folder,
            },
            readers,
            sealer,
        }))
    }
}

impl Store {
    /// Opens it for writing where that is possible by now.
    pub(super) fn reopen(&mut self) -> Result<(), Unwritable> {
        let Self::ReadOnly {
            path, why, lock, ..
        } = self
        else {
            return Ok(());
        };
        match open_again(path, lock) {
            Ok(store) => {
                *self = store;
                Ok(())
            }
            Err(error) => {
                *why = Unwritable::of_error(&error);
                Err(why.clone())
            }
        }
    }
}

fn open_again(path: &Path, held: &mut Option<File>) -> Result<Store, Error> {
    let own = match held.take() {
        Some(own) => own,
        None => lock(path)?,
    };
    match open::open_again(path) {
        Ok(db) => Ok(Store::Open { db, _lock: own }),
        Err(error) => {
            *held = Some(own);
            Err(error)
        }
    }
}

/// SQLite says of a read-only file system only that it cannot open a file.
fn why(error: &Error, path: &Path) -> Unwritable {
    let why = Unwritable::of_error(error);
    if why.kind == WriteErrorKind::Other && path.exists() && !may_be_written(path) {
        return Unwritable {
            kind: WriteErrorKind::ReadOnly,
            ..why
        };
    }
    why
}

/// Beside a writer.
pub(super) fn readers(path: &Path) -> Result<Vec<Connection>, Error> {
    all(|| open::connect_reader(path))
}

/// Where nothing can be written. Nothing where the log would have to be folded in first.
pub(super) fn readers_only(path: &Path) -> Result<Option<Vec<Connection>>, Error> {
    let connected = open::connect_reader(path).and_then(|db| schema::inspect(&db, path));
    if connected.is_ok() {
        return readers(path).map(Some);
    }
    if has_unfolded_log(path) {
        return Ok(None);
    }
    all(|| open::connect_frozen(path)).map(Some)
}

fn all(connect: impl Fn() -> Result<Connection, Error>) -> Result<Vec<Connection>, Error> {
    (0..READERS).map(|_| connect()).collect()
}

/// A frozen connection reads the database alone: what was not folded into it yet would be missing.
fn has_unfolded_log(path: &Path) -> bool {
    let log = open::beside(path, "-wal");
    log.metadata().is_ok_and(|log| log.len() > 0)
}
