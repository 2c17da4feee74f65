//! What a database says that it holds, so that nothing goes on with it by mistake.

use super::connection::Connection;
use super::connection::Engine::{Postgres, Sqlite};
use super::identity::Owner;
use crate::inventory::error::Error;

impl Connection {
    /// From now on, the inventory is somewhere else: nothing opens this one, and a daemon that has it open writes no more.
    pub(in crate::inventory) fn mark_as_moved(&self) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.mark_as_moved(),
            Postgres(db) => db.mark_as_moved(),
        }
    }

    /// From now on, this is the inventory, even if it was moved away before.
    pub(in crate::inventory) fn mark_as_own_if_moved(&self) -> Result<(), Error> {
        match (&self.0, self.identity()?.owner) {
            (Sqlite(db), Owner::Moved) => db.mark_as_own(),
            (Postgres(db), Owner::Moved) => db.mark_as_own(),
            (_, Owner::Nobody | Owner::Perennial | Owner::Prerelease | Owner::Other) => Ok(()),
        }
    }

    /// From now on, a daemon that still has the former data keys writes no more. The lock of a file keeps it out.
    pub(in crate::inventory) fn mark_new_data_keys(&self) -> Result<(), Error> {
        match &self.0 {
            Sqlite(_) => Ok(()),
            Postgres(db) => db.mark_new_data_keys(),
        }
    }
}
