//! The numbers in the header of a file, which say whose it is and what schema it has.

use super::Connection;
use crate::inventory::engine::identity::{Identity, Owner};
use crate::inventory::error::Error;

/// Marks a SQLite file as an inventory of Perennial: "Pern".
const APPLICATION_ID: u32 = 0x5065_726e;

/// Marks a file whose content was moved to another place: "Perm".
const MOVED_ID: u32 = 0x5065_726d;

/// Marks files of versions before the first release, whose schemas are no longer read: "Pere".
const PRERELEASE_ID: u32 = 0x5065_7265;

impl Connection {
    pub(in crate::inventory::engine) fn identity(&self) -> Result<Identity, Error> {
        let tables: u32 = self
            .db
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let owner = match self.header("application_id")? {
            _ if tables == 0 => Owner::Nobody,
            APPLICATION_ID => Owner::Perennial,
            MOVED_ID => Owner::Moved,
            PRERELEASE_ID => Owner::Prerelease,
            _ => Owner::Other,
        };
        let version = self.header("user_version")?;
        Ok(Identity { owner, version })
    }

    pub(in crate::inventory::engine) fn apply(&self, sql: &str, version: u32) -> Result<(), Error> {
        self.script(sql)?;
        self.set_header("user_version", version)?;
        self.set_header("application_id", APPLICATION_ID)
    }

    pub(in crate::inventory::engine) fn mark_as_moved(&self) -> Result<(), Error> {
        self.set_header("application_id", MOVED_ID)
    }

    pub(in crate::inventory::engine) fn mark_as_own(&self) -> Result<(), Error> {
        self.set_header("application_id", APPLICATION_ID)
    }

    pub(in crate::inventory::engine) fn touch(&self) -> Result<(), Error> {
        let version = self.header("user_version")?;
        self.set_header("user_version", version)
    }

    fn header(&self, pragma: &str) -> Result<u32, Error> {
        let sql = format!("PRAGMA {pragma}");
        Ok(self.db.query_row(&sql, [], |row| row.get(0))?)
    }

    fn set_header(&self, pragma: &str, number: u32) -> Result<(), Error> {
        Ok(self.db.pragma_update(None, pragma, number)?)
    }
}
