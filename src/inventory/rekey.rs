//! Another inventory key, in steps that may be cut off anywhere: first the new key opens the inventory as well as the
//! old one, then it is put into its place, then the old one stops to open it.

use std::fs::File;
use std::path::Path;

use rusqlite::Connection;

use super::file_ownership::OwnersRights;
use super::lock::lock;
use super::{Error, copy, keys, open};
use crate::secret::Key;

/// An inventory whose key is being changed.
#[derive(Debug)]
pub struct Rekeying {
    db: Connection,
    is_finished: bool,
    /// No daemon starts meanwhile.
    _lock: File,
}

/// What became of the former data keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewedKeys {
    /// They are gone.
    All,
    /// Something does not open, and is left sealed as it was.
    SomeStay,
}

impl Rekeying {
    /// `key` is the one in its place. If that is the new one already, the change is brought to its end.
    pub fn begin(path: &Path, key: &Key) -> Result<Self, Error> {
        let folder = copy::folder_of(path);
        let _rights = OwnersRights::take(&folder).map_err(copy::failed(&folder))?;
        let lock = lock(path)?;
        if open::inspect(path, key)? == 0 {
            return Err(Error::NotAnInventory(path.to_owned()));
        }
        let next = keys::next(&open::connect_reader(path)?)?;
        let (db, _) = open::open(path, key)?;
        Ok(Self {
            db,
            is_finished: next == Some(key.id().to_string()),
            _lock: lock,
        })
    }

    /// An earlier change came so far that only its last step was left, which is done now.
    pub const fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// From here on both keys open the inventory. `current` is the one that [`Rekeying::begin`] was given.
    pub fn add(&self, current: &Key, new: &Key) -> Result<(), Error> {
        let opened = keys::unwrap(&self.db, current)?;
        keys::add(&self.db, &opened, new)
    }

    /// Seals everything under a new data key, too, for where somebody may have had the former ones: an old copy and the old
    /// key give them away. `key` opens the inventory.
    pub fn renew_data_keys(&self, key: &Key) -> Result<RenewedKeys, Error> {
        Ok(match keys::renew(&self.db, key)? {
            0 => RenewedKeys::All,
            _ => RenewedKeys::SomeStay,
        })
    }

    /// `new` is in its place: from here on it alone opens the inventory.
    pub fn finish(&self, new: &Key) -> Result<(), Error> {
        keys::adopt_key(&self.db, new)
    }
}
