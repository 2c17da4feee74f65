//! The two sides of a move. What is refused is refused before anything is written on either side.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::MoveError;
use crate::files::{folder_of, give_to_owner_of};
use crate::inventory::copy::{check, put, reject_existing, unfinished_in};
use crate::inventory::engine::{Address, Connection, Owner, Server};
use crate::inventory::error::Error;
use crate::inventory::file_ownership::OwnersRights;
use crate::inventory::lock::lock;
use crate::inventory::{Place, duties, keys, open, schema};
use crate::secret::Key;

/// The inventory that is moved, in a transaction that keeps others from writing to it.
pub(super) struct Source {
    db: Connection,
    _file: Option<HeldFile>,
}

/// Keeps daemons away from a file, whether or not it is there yet.
pub(super) struct HeldFile {
    _lock: File,
    _rights: OwnersRights,
}

/// Where the inventory is moved to.
pub(super) enum Target {
    Empty(Empty),
    /// Something is there already.
    Taken(Connection),
}

pub(super) enum Empty {
    /// It gets its name when it is whole.
    File {
        path: PathBuf,
        unfinished: NamedTempFile,
        db: Connection,
        _held: HeldFile,
    },
    Server {
        db: Connection,
    },
}

impl HeldFile {
    fn take(path: &Path) -> Result<Self, Error> {
        let folder = folder_of(path);
        let rights = OwnersRights::take(&folder).map_err(Error::of_file(&folder))?;
        Ok(Self {
            _lock: lock(path)?,
            _rights: rights,
        })
    }
}

impl Source {
    pub(super) fn open(place: &Place, key: &Key) -> Result<Self, Error> {
        match place {
            Place::File(path) => Self::of_file(path, key),
            Place::Server(address) => Self::of_server(address, key),
        }
    }

    fn of_file(path: &Path, key: &Key) -> Result<Self, Error> {
        if !path.exists() {
            return Err(MoveError::NoInventory(path.display().to_string()).into());
        }
        let held = HeldFile::take(path)?;
        reject_version(open::inspect(path, key)?, &path.display())?;
        let db = Connection::writer(path)?;
        db.begin()?;
        Ok(Self {
            db,
            _file: Some(held),
        })
    }

    fn of_server(address: &Address, key: &Key) -> Result<Self, Error> {
        let db = connect(address)?;
        let place = || address.to_string();
        let identity = db.identity()?;
        if identity.owner == Owner::Moved {
            return Err(Error::Moved(place()));
        }
        reject_version(schema::known(identity, place)?, address)?;
        keys::unwrap(&db, key)?;
        db.begin()?;
        db.allow_long_transaction()?;
        duties::reject_running_nodes(&db, address)?;
        Ok(Self { db, _file: None })
    }

    pub(super) const fn db(&self) -> &Connection {
        &self.db
    }

    /// Marks the source and lets go of it.
    pub(super) fn mark(self) -> Result<(), Error> {
        self.db.mark_as_moved()?;
        self.db.commit()?;
        self.db.close();
        Ok(())
    }
}

fn reject_version(found: u32, place: &dyn std::fmt::Display) -> Result<(), Error> {
    let place = place.to_string();
    match found {
        0 => Err(MoveError::NoInventory(place).into()),
        schema::NEWEST => Ok(()),
        _ => Err(MoveError::OlderSchema {
            place,
            found,
            known: schema::NEWEST,
        }
        .into()),
    }
}

fn connect(address: &Address) -> Result<Connection, Error> {
    let server = Arc::new(Server::new(address).map_err(Error::Server)?);
    open::connect_to(&server)
}

impl Target {
    pub(super) fn open(place: &Place) -> Result<Self, Error> {
        match place {
            Place::File(path) => Self::of_file(path),
            Place::Server(address) => Self::of_server(address),
        }
    }

    fn of_file(path: &Path) -> Result<Self, Error> {
        let held = HeldFile::take(path)?;
        if path.exists() {
            let db = Connection::reader(path)?;
            return match schema::inspect(&db, path)? {
                schema::NEWEST => Ok(Self::Taken(db)),
                _ => Err(Error::Taken(path.to_owned())),
            };
        }
        reject_existing(path)?;
        let unfinished = unfinished_in(&folder_of(path))?;
        let db = Connection::writer(unfinished.path())?;
        db.tune_for_making()?;
        Ok(Self::Empty(Empty::File {
            path: path.to_owned(),
            unfinished,
            db,
            _held: held,
        }))
    }

    fn of_server(address: &Address) -> Result<Self, Error> {
        let db = connect(address)?;
        let identity = db.identity()?;
        match (identity.owner, identity.version) {
            (Owner::Nobody, _) => Ok(Self::Empty(Empty::Server { db })),
            (Owner::Perennial, schema::NEWEST) => Ok(Self::Taken(db)),
            (Owner::Perennial | Owner::Moved | Owner::Prerelease | Owner::Other, _) => {
                let place = address.to_string();
                Err(MoveError::NotEmpty { place }.into())
            }
        }
    }
}

impl Empty {
    /// Makes the tables, and runs `work` on them. All of it is there afterwards, durably, or nothing.
    pub(super) fn fill<T>(
        self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self {
            Self::Server { db } => in_new_schema(&db, work),
            Self::File {
                path,
                unfinished,
                db,
                ..
            } => {
                let done = in_new_schema(&db, work)?;
                drop(db);
                check(unfinished.path())?;
                let folder = folder_of(&path);
                let given = give_to_owner_of(&folder, unfinished.as_file());
                given.map_err(Error::of_file(&path))?;
                put(unfinished, &path)?;
                Ok(done)
            }
        }
    }
}

fn in_new_schema<T>(
    db: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    db.atomically(|| {
        let version = db.identity_to_upgrade()?.version;
        if version > 0 {
            let place = "the target".to_owned();
            return Err(MoveError::NotEmpty { place }.into());
        }
        db.allow_long_transaction()?;
        schema::upgrade(db, version, schema::FILES)?;
        work(db)
    })
}
