//! A prepared statement.

use super::row::Row;
use super::value::Params;
use super::{postgres, sqlite};
use crate::inventory::error::Error;

/// A prepared statement, for a loop that runs it many times.
pub(in crate::inventory) struct Statement<'db>(pub(super) Prepared<'db>);

pub(super) enum Prepared<'db> {
    Sqlite(sqlite::Statement<'db>),
    Postgres(postgres::Statement<'db>),
}

use Prepared::{Postgres, Sqlite};

impl Statement<'_> {
    pub(in crate::inventory) fn run(&mut self, params: Params<'_>) -> Result<(), Error> {
        self.changed(params).map(drop)
    }

    pub(in crate::inventory) fn changed(&mut self, params: Params<'_>) -> Result<usize, Error> {
        match &mut self.0 {
            Sqlite(statement) => statement.changed(params),
            Postgres(statement) => statement.changed(params),
        }
    }

    pub(in crate::inventory) fn all<T, C: FromIterator<T>>(
        &mut self,
        params: Params<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<C, Error> {
        match &mut self.0 {
            Sqlite(statement) => statement.rows(params, read)?.collect(),
            Postgres(statement) => {
                let rows = statement.rows(params)?;
                rows.iter().map(|row| read(&Row::of_server(row))).collect()
            }
        }
    }

    pub(in crate::inventory) fn maybe<T>(
        &mut self,
        params: Params<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match &mut self.0 {
            Sqlite(statement) => statement.rows(params, read)?.next().transpose(),
            Postgres(statement) => {
                let rows = statement.rows(params)?;
                rows.first()
                    .map(|row| read(&Row::of_server(row)))
                    .transpose()
            }
        }
    }
}
