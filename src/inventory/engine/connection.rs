//! A connection to the database of an inventory, and the only place where the engines meet.

use std::sync::Arc;

use super::batch::{Batch, Rows};
use super::identity::{Identity, SchemaFile};
use super::postgres;
use super::row::{Row, readable};
use super::statement::{Prepared, Statement};
use super::value::{FromColumn, Params};
use super::work::Counters;
use super::{Failure, sqlite};
use crate::inventory::error::Error;

#[derive(Debug)]
pub(in crate::inventory) struct Connection(pub(super) Engine);

#[derive(Debug)]
pub(super) enum Engine {
    Sqlite(sqlite::Connection),
    Postgres(Box<postgres::Connection>),
}

use Engine::{Postgres, Sqlite};

impl Connection {
    /// Runs a statement that changes rows.
    pub(in crate::inventory) fn run(&self, sql: &str, params: Params<'_>) -> Result<(), Error> {
        self.prepared(sql)?.run(params)
    }

    /// How many rows a statement changed.
    pub(in crate::inventory) fn changed(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<usize, Error> {
        self.prepared(sql)?.changed(params)
    }

    /// The id of the row that a statement inserts.
    pub(in crate::inventory) fn insert<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<T, Error> {
        let id = self.insert_unless_taken(sql, params)?;
        id.ok_or_else(no_row)
    }

    /// `None` if a conflict kept the row out.
    pub(in crate::inventory) fn insert_unless_taken<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Option<T>, Error> {
        match &self.0 {
            Sqlite(db) => db.insert(sql, params),
            Postgres(db) => db.insert(sql, params),
        }
    }

    pub(in crate::inventory) fn all<T, C: FromIterator<T>>(
        &self,
        sql: &str,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<C, Error> {
        self.prepared(sql)?.all(params, read)
    }

    /// All rows that can be read.
    pub(in crate::inventory) fn readable<T>(
        &self,
        sql: &str,
        params: Params<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let rows: Vec<Option<T>> = self.all(sql, params, |row| readable(read(row)))?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// The first row, if there is one.
    pub(in crate::inventory) fn maybe<T>(
        &self,
        sql: &str,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.prepared(sql)?.maybe(params, read)
    }

    /// The first row of a statement that always has one.
    pub(in crate::inventory) fn one<T>(
        &self,
        sql: &str,
        params: Params<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let first = self.maybe(sql, params, read)?;
        first.ok_or_else(no_row)
    }

    /// The first column of that row.
    pub(in crate::inventory) fn value<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<T, Error> {
        self.one(sql, params, |row| row.get(0))
    }

    pub(in crate::inventory) fn maybe_value<T: FromColumn>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Option<T>, Error> {
        self.maybe(sql, params, |row| row.get(0))
    }

    /// The first column of every row.
    pub(in crate::inventory) fn values<T: FromColumn, C: FromIterator<T>>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<C, Error> {
        self.all(sql, params, |row| row.get(0))
    }

    pub(in crate::inventory) fn prepared(&self, sql: &str) -> Result<Statement<'_>, Error> {
        Ok(Statement(match &self.0 {
            Sqlite(db) => Prepared::Sqlite(db.prepared(sql)?),
            Postgres(db) => Prepared::Postgres(db.prepared(sql)),
        }))
    }

    /// No two rows of a batch may change the same row of a table.
    pub(in crate::inventory) fn batch(&self, sql: &str) -> Result<Batch<'_>, Error> {
        Ok(Batch(match &self.0 {
            Sqlite(db) => Rows::Sqlite(db.prepared(sql)?),
            Postgres(db) => Rows::Postgres(db.batch(sql)),
        }))
    }

    /// Runs several statements without values.
    pub(in crate::inventory) fn script(&self, sql: &str) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.script(sql),
            Postgres(db) => db.script(sql),
        }
    }

    /// Runs `work` in one transaction, which is undone if it fails.
    pub(in crate::inventory) fn atomically<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &self.0 {
            Sqlite(db) => db.atomically(work),
            Postgres(db) => db.atomically(work),
        }
    }

    /// Begins a write transaction. No other connection writes until it ends.
    pub(in crate::inventory) fn begin(&self) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.begin(),
            Postgres(db) => db.begin(),
        }
    }

    /// Makes a transaction durable. If that fails, it is undone.
    pub(in crate::inventory) fn commit(&self) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.end("COMMIT"),
            Postgres(db) => db.commit(),
        }
    }

    pub(in crate::inventory) fn roll_back(&self) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.end("ROLLBACK"),
            Postgres(db) => db.roll_back(),
        }
    }

    /// Undoes `work` alone if it fails, and not the transaction that it is a part of.
    pub(in crate::inventory) fn in_savepoint<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.script("SAVEPOINT job")?;
        let done = work().and_then(|done| self.script("RELEASE SAVEPOINT job").map(|()| done));
        if done.is_err() {
            self.script("ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job")?;
        }
        done
    }

    /// The time by the clock of the database, in milliseconds. It is the same for all that share the database.
    pub(in crate::inventory) fn clock(&self) -> Result<i64, Error> {
        self.value(
            match &self.0 {
                Sqlite(_) => sqlite::CLOCK,
                Postgres(_) => postgres::CLOCK,
            },
            &[],
        )
    }

    /// Whether a transaction has begun that neither an error nor anything else has ended.
    pub(in crate::inventory) fn is_in_transaction(&self) -> bool {
        match &self.0 {
            Sqlite(db) => db.is_in_transaction(),
            Postgres(db) => db.is_in_transaction(),
        }
    }

    /// How many jobs may share a transaction, each in a savepoint.
    pub(in crate::inventory) const fn jobs_per_commit(&self) -> usize {
        match &self.0 {
            Sqlite(_) => sqlite::JOBS_PER_COMMIT,
            Postgres(_) => postgres::JOBS_PER_COMMIT,
        }
    }

    /// Work that is better done when no caller is waiting.
    pub(in crate::inventory) fn after_commit(&self) {
        match &self.0 {
            Sqlite(db) => db.limit_log(),
            Postgres(_) => {}
        }
    }

    /// Writes a value that is there already, to test whether writing works.
    pub(in crate::inventory) fn touch(&self) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.touch(),
            Postgres(db) => db.touch(),
        }
    }

    /// Whose database it is.
    pub(in crate::inventory) fn identity(&self) -> Result<Identity, Error> {
        match &self.0 {
            Sqlite(db) => db.identity(),
            Postgres(db) => db.identity(),
        }
    }

    /// Whose database it is, inside a transaction that is about to change the schema. No other connection can change it
    /// meanwhile.
    pub(in crate::inventory) fn identity_to_upgrade(&self) -> Result<Identity, Error> {
        match &self.0 {
            Sqlite(db) => db.identity(),
            Postgres(db) => db.identity_to_upgrade(),
        }
    }

    /// Brings the schema to `version`.
    pub(in crate::inventory) fn apply(
        &self,
        file: &SchemaFile<'_>,
        version: u32,
    ) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.apply(file.sqlite, version),
            Postgres(db) => db.apply(file.postgres, version),
        }
    }

    /// Leaves the database as others may open it.
    pub(in crate::inventory) fn close(&self) {
        match &self.0 {
            // A copy of the database file alone is whole after it.
            Sqlite(db) => drop(db.checkpoint()),
            Postgres(db) => db.disconnect(),
        }
    }

    /// Adds the work of this connection to that of others.
    pub(in crate::inventory) fn counted_by(self, counters: &Arc<Counters>) -> Self {
        let counters = Arc::clone(counters);
        Self(match self.0 {
            Sqlite(db) => Sqlite(db.counted_by(counters)),
            Postgres(db) => Postgres(Box::new(db.counted_by(counters))),
        })
    }
}

fn no_row() -> Error {
    Error::Storage(Failure::no_row())
}
