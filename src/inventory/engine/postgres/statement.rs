//! Statements. The first run in a session prepares it there.

use tokio_postgres::Row;

use super::connection::Connection;
use super::value::value;
use crate::inventory::engine::value::{FromColumn, Params};
use crate::inventory::engine::work::StatementWork;
use crate::inventory::error::Error;

pub(in crate::inventory::engine) struct Statement<'db> {
    db: &'db Connection,
    sql: String,
    work: StatementWork,
}

impl Connection {
    pub(in crate::inventory::engine) fn prepared(&self, sql: &str) -> Statement<'_> {
        Statement {
            db: self,
            sql: sql.to_owned(),
            work: StatementWork::default(),
        }
    }

    /// The id of a new row; `None` if a conflict kept it out.
    pub(in crate::inventory::engine) fn insert<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Option<T>, Error> {
        let rows = self.prepared(&format!("{sql} RETURNING id")).rows(params)?;
        let id = rows.first().map(|row| value(row, 0)).transpose()?;
        Ok(id.and_then(|id| T::from_value(&id)))
    }
}

impl Statement<'_> {
    pub(in crate::inventory::engine) fn changed(
        &mut self,
        params: Params<'_>,
    ) -> Result<usize, Error> {
        self.work.runs += 1;
        let changed = self.db.ask(|link| link.changed(&self.sql, params))?;
        self.work.rows += changed;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// All rows: a statement inside a loop over them is sent on the same connection.
    pub(in crate::inventory::engine) fn rows(
        &mut self,
        params: Params<'_>,
    ) -> Result<Vec<Row>, Error> {
        self.work.runs += 1;
        let rows = self.db.ask(|link| link.rows(&self.sql, params))?;
        self.work.rows += rows.len() as u64;
        Ok(rows)
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        self.db.count(&self.work);
    }
}
