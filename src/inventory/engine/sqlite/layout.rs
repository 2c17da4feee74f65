//! The tables of a file, in the order in which they were made.

use rusqlite::config::DbConfig;
use rusqlite::params;

use super::Connection;
use crate::inventory::engine::layout::{ColumnRow, LastNumber, Table};
use crate::inventory::error::Error;

const COLUMNS: &str =
    "SELECT t.name, c.name, c.pk FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY t.rowid, c.cid";

/// What the last number of a table is, where it is kept.
const KEEP_NUMBER: &str =
    "INSERT INTO sqlite_sequence (name, seq) SELECT name, ?2 FROM sqlite_schema
    WHERE type = 'table' AND name = ?1 AND sql LIKE '% AUTOINCREMENT%'";

impl Connection {
    pub(in crate::inventory::engine) fn tables(&self) -> Result<Vec<Table>, Error> {
        let mut statement = self.db.prepare(COLUMNS)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Table::all(
            rows.collect::<rusqlite::Result<Vec<ColumnRow>>>()?,
        ))
    }

    pub(in crate::inventory::engine) fn last_numbers(&self) -> Result<Vec<LastNumber>, Error> {
        let mut statement = self.db.prepare("SELECT name, seq FROM sqlite_sequence")?;
        let rows = statement.query_map([], |row| {
            Ok(LastNumber {
                table: row.get(0)?,
                number: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(in crate::inventory::engine) fn set_last_number(
        &self,
        last: &LastNumber,
    ) -> Result<(), Error> {
        let known = "DELETE FROM sqlite_sequence WHERE name = ?1";
        self.db.execute(known, [&last.table])?;
        self.db
            .execute(KEEP_NUMBER, params![last.table, last.number])?;
        Ok(())
    }

    pub(in crate::inventory::engine) fn without_triggers<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let setting = DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
        self.db.set_db_config(setting, false)?;
        let done = work();
        self.db.set_db_config(setting, true)?;
        done
    }

    /// For a file that nothing reads before it is whole, and that is thrown away otherwise.
    pub(in crate::inventory::engine) fn tune_for_making(&self) -> Result<(), Error> {
        self.script(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;
             PRAGMA trusted_schema = OFF; PRAGMA cache_size = -20000; PRAGMA temp_store = MEMORY;",
        )
    }
}
