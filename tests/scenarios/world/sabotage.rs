//! What befalls the inventory's file behind the daemon's back.

use std::path::Path;

use rusqlite::Connection;

use super::daemon::Premises;
use super::{Result, World};

impl World {
    /// Changes the file as no part of the daemon would.
    pub fn tamper(&self, sql: &str) -> Result {
        tamper(&self.folder.path().join("inventory.db"), sql)
    }
}

impl Premises {
    pub fn tamper(&self, sql: &str) -> Result {
        tamper(&self.path("inventory.db"), sql)
    }
}

fn tamper(inventory: &Path, sql: &str) -> Result {
    Ok(Connection::open(inventory)?.execute_batch(sql)?)
}
