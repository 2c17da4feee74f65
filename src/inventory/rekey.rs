//! Changes the inventory key, in steps that may be interrupted anywhere: first the new key opens the inventory as well
//! as the old one, then it is put into place, then the old one no longer opens it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::alone::alone;
use super::engine::{Connection, Server};
use super::file_ownership::OwnersRights;
use super::lock::lock;
use super::moving::MoveError;
use super::{Error, Place, keys, open};
use crate::files::folder_of;
use crate::secret::Key;

/// An inventory whose key is being changed.
#[derive(Debug)]
pub struct Rekeying {
    db: Connection,
    place: Place,
    is_finished: bool,
    /// Keeps a daemon from starting meanwhile on a file.
    _lock: Option<File>,
}

/// What became of the former data keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewedKeys {
    /// All were deleted.
    All,
    /// Something does not open and stays sealed as it was, with its key.
    SomeStay,
}

impl Rekeying {
    /// Begins a key change. `key` is the one in place. If that is the new one already, this completes the earlier
    /// change. Refuses an inventory that a daemon uses. For a server, the thread must be one that may wait for it.
    pub fn begin(place: &Place, key: &Key) -> Result<Self, Error> {
        match place {
            Place::File(path) => Self::of_file(path, key),
            Place::Server(address) => {
                let server = Arc::new(Server::new(address).map_err(Error::Server)?);
                let db = open::connect_to(&server)?;
                if db.identity()?.version == 0 {
                    return Err(MoveError::NoInventory(place.to_string()).into());
                }
                alone(&db, place, || Ok(()))?;
                let next = keys::next(&db)?;
                drop(db);
                let (db, _) = open::open_on(&server, key)?;
                Ok(Self::begun(db, place, next.as_deref(), key))
            }
        }
    }

    fn of_file(path: &Path, key: &Key) -> Result<Self, Error> {
        let folder = folder_of(path);
        let _rights = OwnersRights::take(&folder).map_err(Error::of_file(&folder))?;
        let lock = lock(path)?;
        if open::inspect(path, key)? == 0 {
            return Err(Error::NotAnInventory(path.to_owned()));
        }
        let next = keys::next(&Connection::reader(path)?)?;
        let (db, _) = open::open(path, key)?;
        Ok(Self {
            _lock: Some(lock),
            ..Self::begun(db, &Place::from(path), next.as_deref(), key)
        })
    }

    fn begun(db: Connection, place: &Place, next: Option<&str>, key: &Key) -> Self {
        Self {
            db,
            place: place.clone(),
            is_finished: next == Some(&*key.id().to_string()),
            _lock: None,
        }
    }

    /// Whether an earlier change had only its last step left, which is done now.
    pub const fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Adds `new`: from here on, both keys open the inventory. `current` is the key that [`Rekeying::begin`] was given.
    pub fn add(&self, current: &Key, new: &Key) -> Result<(), Error> {
        let opened = keys::unwrap(&self.db, current)?;
        keys::add(&self.db, &opened, new)
    }

    /// Seals everything under a new data key, too, for when the former ones may be known: an old copy and the old key
    /// reveal them. `key` opens the inventory.
    pub fn renew_data_keys(&self, key: &Key) -> Result<RenewedKeys, Error> {
        let renewed = alone(&self.db, &self.place, || keys::renew(&self.db, key));
        Ok(match renewed? {
            0 => RenewedKeys::All,
            _ => RenewedKeys::SomeStay,
        })
    }

    /// Completes the change, once `new` is in place: from here on, only `new` opens the inventory.
    pub fn finish(&self, new: &Key) -> Result<(), Error> {
        keys::adopt_key(&self.db, new)
    }
}
