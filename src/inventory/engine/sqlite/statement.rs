//! Statements, kept prepared.

use rusqlite::CachedStatement;

use super::Connection;
use crate::inventory::engine::row::Row;
use crate::inventory::engine::value::{FromColumn, Params, Value};
use crate::inventory::engine::work::{Counters, StatementWork};
use crate::inventory::error::Error;

pub(in crate::inventory::engine) struct Statement<'db> {
    statement: CachedStatement<'db>,
    work: StatementWork,
    counters: &'db Counters,
}

impl Connection {
    pub(in crate::inventory::engine) fn prepared(&self, sql: &str) -> Result<Statement<'_>, Error> {
        Ok(Statement {
            statement: self.db.prepare_cached(sql)?,
            work: StatementWork::default(),
            counters: &self.counters,
        })
    }

    /// The id of a new row; `None` if a conflict kept it out. A `RETURNING` would cost as much again.
    pub(in crate::inventory::engine) fn insert<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Option<T>, Error> {
        let is_in = self.prepared(sql)?.changed(params)? > 0;
        let id = is_in.then(|| Value::Int(self.db.last_insert_rowid()));
        Ok(id.and_then(|id| T::from_value(&id)))
    }
}

impl Statement<'_> {
    pub(in crate::inventory::engine) fn changed(
        &mut self,
        params: Params<'_>,
    ) -> Result<usize, Error> {
        self.work.runs += 1;
        let params = rusqlite::params_from_iter(values(params));
        let changed = self.statement.execute(params)?;
        self.work.rows += changed as u64;
        Ok(changed)
    }

    pub(in crate::inventory::engine) fn rows<T>(
        &mut self,
        params: Params<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<impl Iterator<Item = Result<T, Error>>, Error> {
        let work = &mut self.work;
        work.runs += 1;
        let params = rusqlite::params_from_iter(values(params));
        let rows = self.statement.query_and_then(params, move |row| {
            work.rows += 1;
            read(&Row::of_file(row))
        })?;
        Ok(rows)
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        let steps = self
            .statement
            .reset_status(rusqlite::StatementStatus::VmStep);
        // SQLite counts in an unsigned number, which rusqlite shows as a signed one.
        self.counters.add(&self.work, steps.cast_unsigned().into());
    }
}

fn values<'p>(params: Params<'p>) -> impl Iterator<Item = Value<'p>> {
    params.iter().map(|param| param.value())
}
