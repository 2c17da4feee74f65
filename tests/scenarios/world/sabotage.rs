//! What befalls the inventory's file behind the daemon's back.

use rusqlite::Connection;

use super::{Result, World};

impl World {
    /// Changes the file as no part of the daemon would.
    pub fn tamper(&self, sql: &str) -> Result {
        let db = Connection::open(self.folder.path().join("inventory.db"))?;
        Ok(db.execute_batch(sql)?)
    }
}
