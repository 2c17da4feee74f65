//! A row that a statement returned.

use std::ops::RangeFrom;

use super::postgres;
use super::value::{FromColumn, Value};
use crate::inventory::error::Error;

pub(in crate::inventory) struct Row<'r>(Columns<'r>);

enum Columns<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

impl<'r> Row<'r> {
    pub(super) const fn of_file(row: &'r rusqlite::Row<'r>) -> Self {
        Self(Columns::Sqlite(row))
    }

    pub(super) const fn of_server(row: &'r postgres::Row) -> Self {
        Self(Columns::Postgres(row))
    }

    pub(in crate::inventory) fn next<T: FromColumn>(
        &self,
        columns: &mut RangeFrom<usize>,
    ) -> Result<T, Error> {
        let column = columns.start;
        columns.start += 1;
        self.get(column)
    }

    pub(in crate::inventory) fn get<T: FromColumn>(&self, column: usize) -> Result<T, Error> {
        let value = match self.0 {
            Columns::Sqlite(row) => Value::from(row.get_ref(column)?),
            Columns::Postgres(row) => postgres::value(row, column)?,
        };
        let shown = || Error::Foreign(format!("{} in column {column}", value.shown()));
        T::from_value(&value).ok_or_else(shown)
    }
}

/// `None` for a record with a value that is unknown or does not open, which is logged: it takes no other with it.
pub(in crate::inventory) fn readable<T>(record: Result<T, Error>) -> Result<Option<T>, Error> {
    match record {
        Ok(record) => Ok(Some(record)),
        Err(error @ (Error::Foreign(_) | Error::Unsealable(_))) => {
            tracing::error!("leaving out a record that cannot be read: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
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

pub(in crate::inventory) use fields;
