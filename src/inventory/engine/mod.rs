//! The database engine, and the only place that names it. A statement is written as `?1, ?2`, gets its values in a
//! slice, and is kept prepared.

mod batch;
#[cfg(test)]
mod dialect;
mod failure;
mod list;
mod sqlite;
mod value;
mod work;

use std::sync::Arc;

use rusqlite::CachedStatement;

pub(super) use failure::Failure;
pub use failure::WriteErrorKind;
pub(super) use list::{Numbers, Texts};
pub(super) use sqlite::{LOG_LIMIT, PATIENCE};
pub(super) use value::{FromColumn, Json, ToColumn, Value};
pub(super) use work::Counters;
pub use work::Work;

use super::error::Error;
use work::StatementWork;

/// The values of a statement's `?1, ?2` …: `&[&token, &now]`.
pub(super) type Params<'p> = &'p [&'p dyn ToColumn];

#[derive(Debug)]
pub(super) struct Connection {
    db: rusqlite::Connection,
    counters: Arc<Counters>,
}

/// A prepared statement, for a loop that runs it many times.
pub(super) struct Statement<'db> {
    statement: CachedStatement<'db>,
    work: StatementWork,
    counters: &'db Counters,
}

pub(super) struct Row<'r>(&'r rusqlite::Row<'r>);

impl Connection {
    /// Runs a statement that changes rows.
    pub(super) fn run(&self, sql: &str, params: Params<'_>) -> Result<(), Error> {
        self.prepared(sql)?.run(params)
    }

    /// How many rows a statement changed.
    pub(super) fn changed(&self, sql: &str, params: Params<'_>) -> Result<usize, Error> {
        self.prepared(sql)?.changed(params)
    }

    /// The id of the row that a statement inserts. A `RETURNING` would cost as much again.
    pub(super) fn insert<T: FromColumn>(&self, sql: &str, params: Params<'_>) -> Result<T, Error> {
        let id = self.insert_unless_taken(sql, params)?;
        id.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
    }

    /// `None` if a conflict kept the row out.
    pub(super) fn insert_unless_taken<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Option<T>, Error> {
        let is_in = self.changed(sql, params)? > 0;
        let id = is_in.then(|| Value::Int(self.db.last_insert_rowid()));
        Ok(id.and_then(|id| T::from_value(&id)))
    }

    pub(super) fn all<T, C: FromIterator<T>>(
        &self,
        sql: &str,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<C, Error> {
        self.prepared(sql)?.all(params, read)
    }

    /// The first row, if there is one.
    pub(super) fn maybe<T>(
        &self,
        sql: &str,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.prepared(sql)?.maybe(params, read)
    }

    /// The first row of a statement that always has one.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let first = self.maybe(sql, params, read)?;
        first.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
    }

    /// The first column of that row.
    pub(super) fn value<T: FromColumn>(&self, sql: &str, params: Params<'_>) -> Result<T, Error> {
        self.one(sql, params, |row| row.get(0))
    }

    pub(super) fn maybe_value<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Option<T>, Error> {
        self.maybe(sql, params, |row| row.get(0))
    }

    /// The first column of every row.
    pub(super) fn values<T: FromColumn, C: FromIterator<T>>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<C, Error> {
        self.all(sql, params, |row| row.get(0))
    }

    pub(super) fn prepared(&self, sql: &str) -> Result<Statement<'_>, Error> {
        Ok(Statement {
            statement: self.db.prepare_cached(sql)?,
            work: StatementWork::default(),
            counters: &self.counters,
        })
    }
}

impl Statement<'_> {
    pub(super) fn run(&mut self, params: Params<'_>) -> Result<(), Error> {
        self.changed(params).map(drop)
    }

    pub(super) fn changed(&mut self, params: Params<'_>) -> Result<usize, Error> {
        self.work.runs += 1;
        let params = rusqlite::params_from_iter(values(params));
        let changed = self.statement.execute(params)?;
        self.work.rows += changed as u64;
        Ok(changed)
    }

    pub(super) fn all<T, C: FromIterator<T>>(
        &mut self,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<C, Error> {
        self.rows(params, read)?.collect()
    }

    pub(super) fn maybe<T>(
        &mut self,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.rows(params, read)?.next().transpose()
    }

    fn rows<T>(
        &mut self,
        params: Params<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<impl Iterator<Item = Result<T, Error>>, Error> {
        let work = &mut self.work;
        work.runs += 1;
        let params = rusqlite::params_from_iter(values(params));
        let rows = self.statement.query_and_then(params, move |row| {
            work.rows += 1;
            read(&Row(row))
        })?;
        Ok(rows)
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        self.counters.add(&self.statement, &self.work);
    }
}

fn values<'p>(params: Params<'p>) -> impl Iterator<Item = Value<'p>> {
    params.iter().map(|param| param.value())
}

/// Reads a row into a struct whose fields are named in the order of the columns.
macro_rules! fields {
    ($of:ident { $($field:ident),+ $(,)? }) => {
        |row: &$crate::inventory::engine::Row<'_>| {
            let mut column = 0..;
            Ok($of { $($field: row.next(&mut column)?),+ })
        }
    };
}

pub(super) use fields;

impl Row<'_> {
    pub(super) fn next<T: FromColumn>(
        &self,
        columns: &mut std::ops::RangeFrom<usize>,
    ) -> Result<T, Error> {
        let column = columns.start;
        columns.start += 1;
        self.get(column)
    }

    pub(super) fn get<T: FromColumn>(&self, column: usize) -> Result<T, Error> {
        let value = Value::from(self.0.get_ref(column)?);
        let shown = || Error::Foreign(format!("{} in column {column}", value.shown()));
        T::from_value(&value).ok_or_else(shown)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(Failure(error))
    }
}

/// Tests look at the tables from outside.
#[cfg(test)]
impl std::ops::Deref for Connection {
    type Target = rusqlite::Connection;

    fn deref(&self) -> &Self::Target {
        &self.db
    }
}
