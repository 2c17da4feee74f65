//! Opens the inventory with the access that is possible: read and write, or read only when the disk of a file is full or
//! read-only.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::engine::{Address, Connection, Counters, Server};
use super::file_ownership::may_be_written;
use super::lock::{lock, lock_folder};
use super::{Error, Place, READERS, Settings, Unwritable, WriteErrorKind, keys, open, schema};
use crate::files::beside;
use crate::secret::{Key, Sealer};

/// An inventory, opened with the access that was possible.
pub(super) struct Access {
    pub(super) store: Store,
    pub(super) readers: Vec<Connection>,
    pub(super) sealer: Sealer,
}

/// The writer's side of the inventory. It holds a lock until the database is closed: one process per inventory.
pub(super) enum Store {
    Open {
        db: Connection,
        /// A server has one of its own.
        _lock: Option<File>,
    },
    /// [`Store::reopen`] replaces this with `Open` as soon as writing is possible.
    ReadOnly {
        path: PathBuf,
        why: Unwritable,
        counters: Arc<Counters>,
        /// `None` when the lock file could not be made.
        lock: Option<File>,
        _folder: Option<File>,
    },
}

impl Access {
    /// Opens for reading and writing, else for reading only. The error says why neither is possible.
    pub(super) fn open(settings: &Settings, counters: &Arc<Counters>) -> Result<Self, Error> {
        let key = &settings.key;
        match &settings.place {
            Place::File(path) => Self::to_file(path, key, counters),
            Place::Server(address) => Self::to_server(address, key, counters),
        }
    }

    fn to_server(address: &Address, key: &Key, counters: &Arc<Counters>) -> Result<Self, Error> {
        let server = Arc::new(Server::new(address).map_err(Error::Server)?);
        let (db, sealer) = open::open_on(&server, key)?;
        Ok(Self {
            store: Store::Open {
                db: db.counted_by(counters),
                _lock: None,
            },
            readers: all(counters, || Connection::to_read(&server))?,
            sealer,
        })
    }

    fn to_file(path: &Path, key: &Key, counters: &Arc<Counters>) -> Result<Self, Error> {
        let error = match Self::to_write(path, key, counters) {
            Err(error) if error.write_error_kind().is_some() => error,
            opened => return opened,
        };
        match Self::to_read(path, key, why(&error, path), counters) {
            Ok(Some(access)) => Ok(access),
            // An error in the inventory itself matters more than that it cannot be written.
            Err(other) if other.write_error_kind().is_none() => Err(other),
            Ok(None) | Err(_) => Err(error),
        }
    }

    fn to_write(path: &Path, key: &Key, counters: &Arc<Counters>) -> Result<Self, Error> {
        let lock = lock(path)?;
        let (db, sealer) = open::open(path, key)?;
        Ok(Self {
            store: Store::Open {
                db: db.counted_by(counters),
                _lock: Some(lock),
            },
            readers: readers(path, counters)?,
            sealer,
        })
    }

    /// Returns `None` when the inventory would have to be written first: its schema is not the newest, or its
    /// write-ahead log needs a checkpoint.
    fn to_read(
        path: &Path,
        key: &Key,
        why: Unwritable,
        counters: &Arc<Counters>,
    ) -> Result<Option<Self>, Error> {
        let (lock, folder) = match lock(path) {
            Ok(lock) => (Some(lock), None),
            Err(error @ Error::InUse(_)) => return Err(error),
            Err(_) => (None, Some(lock_folder(path)?)),
        };
        let Some(readers) = readers_only(path, counters)? else {
            return Ok(None);
        };
        let first = readers.first().ok_or(Error::Closed)?;
        if open::look_at(first, path, key)? != schema::NEWEST {
            return Ok(None);
        }
        let sealer = keys::sealer(first, key)?;
        Ok(Some(Self {
            store: Store::ReadOnly {
                path: path.to_owned(),
                why,
                counters: Arc::clone(counters),
                lock,
                _folder: folder,
            },
            readers,
            sealer,
        }))
    }
}

impl Store {
    /// How many jobs may share a transaction.
    pub(super) const fn jobs_per_commit(&self) -> usize {
        match self {
            Self::Open { db, .. } => db.jobs_per_commit(),
            Self::ReadOnly { .. } => 1,
        }
    }

    /// Opens the inventory for writing if that is possible now.
    pub(super) fn reopen(&mut self) -> Result<(), Unwritable> {
        let Self::ReadOnly {
            path,
            why,
            counters,
            lock,
            ..
        } = self
        else {
            return Ok(());
        };
        match open_again(path, lock, counters) {
            Ok(store) => {
                *self = store;
                Ok(())
            }
            Err(error) => {
                *why = Unwritable::of(&error);
                Err(why.clone())
            }
        }
    }
}

fn open_again(
    path: &Path,
    held: &mut Option<File>,
    counters: &Arc<Counters>,
) -> Result<Store, Error> {
    let own = match held.take() {
        Some(own) => own,
        None => lock(path)?,
    };
    match open::connect(path) {
        Ok(db) => Ok(Store::Open {
            db: db.counted_by(counters),
            _lock: Some(own),
        }),
        Err(error) => {
            *held = Some(own);
            Err(error)
        }
    }
}

/// On a read-only file system SQLite only reports that it cannot open a file, so this looks at the file itself.
fn why(error: &Error, path: &Path) -> Unwritable {
    let why = Unwritable::of(error);
    if why.kind == WriteErrorKind::Other && path.exists() && !may_be_written(path) {
        return Unwritable {
            kind: WriteErrorKind::ReadOnly,
            ..why
        };
    }
    why
}

/// Reading connections for use beside a writer.
pub(super) fn readers(path: &Path, counters: &Arc<Counters>) -> Result<Vec<Connection>, Error> {
    all(counters, || Connection::reader(path))
}

/// Reading connections for an inventory that cannot be written. `None` when its write-ahead log needs a checkpoint
/// first.
pub(super) fn readers_only(
    path: &Path,
    counters: &Arc<Counters>,
) -> Result<Option<Vec<Connection>>, Error> {
    let connected = Connection::reader(path).and_then(|db| schema::inspect(&db, path));
    if connected.is_ok() {
        return readers(path, counters).map(Some);
    }
    if has_unfolded_log(path) {
        return Ok(None);
    }
    all(counters, || Connection::frozen(path)).map(Some)
}

fn all(
    counters: &Arc<Counters>,
    connect: impl Fn() -> Result<Connection, Error>,
) -> Result<Vec<Connection>, Error> {
    (0..READERS)
        .map(|_| connect().map(|db| db.counted_by(counters)))
        .collect()
}

/// A frozen connection reads only the database file, so it would miss what is still in the log.
fn has_unfolded_log(path: &Path) -> bool {
    let log = beside(path, "-wal");
    log.metadata().is_ok_and(|log| log.len() > 0)
}
