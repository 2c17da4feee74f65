//! Tokens that never had a required permission and that the operators were not notified of yet.

use jiff::Timestamp;

use super::columns::{TOKEN, token};
use super::{Error, Tx, View};
use crate::model::{Scopes, Ungranted};

/// More combinations of scopes than this are not read.
const COMBINATIONS: usize = 50;

impl View<'_> {
    /// Since when the first of them waits to be reported.
    pub fn first_ungranted(&self) -> Result<Option<Timestamp>, Error> {
        self.db.value("SELECT min(found_at) FROM ungranted", &[])
    }

    /// When the last email was written whose message id begins with `prefix`.
    pub fn last_email(&self, prefix: &str) -> Result<Option<Timestamp>, Error> {
        self.db.value(
            "SELECT max(created_at) FROM email WHERE message_id >= ?1 AND message_id < ?1 || '~'",
            &[&prefix],
        )
    }

    fn ungranted(&self, limit: usize) -> Result<Ungranted, Error> {
        const WAITING: &str = "FROM ungranted u JOIN token t ON t.id = u.token
            JOIN schedule s ON s.token = t.id WHERE t.ungranted_scopes <> ''";
        let count = format!("SELECT count(*) {WAITING}");
        let list = format!("SELECT {TOKEN} {WAITING} ORDER BY t.name LIMIT ?1");
        let scopes = format!("SELECT DISTINCT t.ungranted_scopes {WAITING} LIMIT ?1");
        let scopes: Vec<String> = self.db.values(&scopes, &[&COMBINATIONS])?;
        Ok(Ungranted {
            count: self.db.value(&count, &[])?,
            tokens: self.db.all(&list, &[&limit], token)?,
            scopes: Scopes::parse(&scopes.join(" ")),
        })
    }
}

impl Tx<'_> {
    /// Returns what is to be reported, and removes it from the list.
    pub fn take_ungranted(&self, limit: usize) -> Result<Ungranted, Error> {
        let found = self.ungranted(limit)?;
        self.db.run("DELETE FROM ungranted", &[])?;
        Ok(found)
    }
}
