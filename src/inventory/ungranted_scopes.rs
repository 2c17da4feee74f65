//! Tokens that never had a required permission and that the operators were not notified of yet.

use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::{Error, Tx, View, rows};
use crate::model::{Scopes, Ungranted};

/// More combinations of scopes than this are not read.
const COMBINATIONS: usize = 50;

impl View<'_> {
    /// Since when the first of them waits to be reported.
    pub fn first_ungranted(&self) -> Result<Option<Timestamp>, Error> {
        let mut first = self
            .db
            .prepare_cached("SELECT found_at FROM ungranted ORDER BY found_at LIMIT 1")?;
        Ok(first
            .query_row([], |row| rows::instant(row, 0))
            .optional()?)
    }

    /// When the last email was written whose message id begins with `prefix`.
    pub fn last_email(&self, prefix: &str) -> Result<Option<Timestamp>, Error> {
        let mut last = self.db.prepare_cached(
            "SELECT max(created_at) FROM email WHERE message_id >= ?1 AND message_id < ?1 || '~'",
        )?;
        Ok(last.query_row([prefix], |row| rows::maybe_instant(row, 0))?)
    }

    fn ungranted(&self, limit: usize) -> Result<Ungranted, Error> {
        const WAITING: &str = "FROM ungranted u JOIN token t ON t.id = u.token
            JOIN schedule s ON s.token = t.id WHERE t.ungranted_scopes <> ''";
        let count = format!("SELECT count(*) {WAITING}");
        let list = format!("SELECT {} {WAITING} ORDER BY t.name LIMIT ?1", rows::TOKEN);
        let scopes = format!("SELECT DISTINCT t.ungranted_scopes {WAITING} LIMIT ?1");
        let mut list = self.db.prepare_cached(&list)?;
        let mut scopes = self.db.prepare_cached(&scopes)?;
        let scopes = scopes.query_map([COMBINATIONS], |row| row.get::<_, String>(0))?;
        let scopes: Vec<String> = scopes.collect::<Result<_, _>>()?;
        Ok(Ungranted {
            count: self
                .db
                .prepare_cached(&count)?
                .query_row([], |row| row.get(0))?,
            tokens: list
                .query_map([limit], rows::token)?
                .collect::<Result<_, _>>()?,
            scopes: Scopes::parse(&scopes.join(" ")),
        })
    }
}

impl Tx<'_> {
    /// Returns what is to be reported, and removes it from the list.
    pub fn take_ungranted(&self, limit: usize) -> Result<Ungranted, Error> {
        let found = self.ungranted(limit)?;
        self.db
            .prepare_cached("DELETE FROM ungranted")?
            .execute([])?;
        Ok(found)
    }
}
