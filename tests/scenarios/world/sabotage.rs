//! Changes to the inventory behind the daemon's back, and what a thief would find in it.

use super::daemon::Premises;
use super::{Result, World};

impl World {
    /// Changes the inventory as the daemon never would.
    pub fn tamper(&self, sql: &str) -> Result {
        self.database.tamper(self.folder.path(), sql)
    }

    /// Refuses to store some rows of a table.
    pub fn refuse(&self, table: &str, which: &str) -> Result {
        self.database.refuse(self.folder.path(), table, which)
    }

    /// Ends what [`World::refuse`] began.
    pub fn accept(&self, table: &str) -> Result {
        self.database.accept(self.folder.path(), table)
    }

    /// Returns every value of every table, one line per row.
    pub fn whole_inventory(&self) -> Result<String> {
        self.database.content(self.folder.path())
    }
}

impl Premises {
    /// The inventory as it is stored, to see whether it changes.
    pub fn stored(&self) -> Result<String> {
        self.database.stored(&self.path(""))
    }

    pub fn tamper(&self, sql: &str) -> Result {
        self.database.tamper(&self.path(""), sql)
    }

    /// The same, of a file.
    pub fn tamper_with(&self, name: &str, sql: &str) -> Result {
        Ok(rusqlite::Connection::open(self.path(name))?.execute_batch(sql)?)
    }
}
