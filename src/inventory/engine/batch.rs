//! A statement for many rows, when the caller does not need to know what each one did. A server gets them all at once.

use super::value::Params;
use super::{postgres, sqlite};
use crate::inventory::error::Error;

pub(in crate::inventory) struct Batch<'db>(pub(super) Rows<'db>);

pub(super) enum Rows<'db> {
    Sqlite(sqlite::Statement<'db>),
    Postgres(postgres::Batch<'db>),
}

impl Batch<'_> {
    pub(in crate::inventory) fn add(&mut self, params: Params<'_>) -> Result<(), Error> {
        match &mut self.0 {
            Rows::Sqlite(statement) => statement.changed(params).map(drop),
            Rows::Postgres(batch) => batch.add(params),
        }
    }

    /// Runs what was added and has not run yet.
    pub(in crate::inventory) fn finish(self) -> Result<(), Error> {
        match self.0 {
            Rows::Sqlite(_) => Ok(()),
            Rows::Postgres(batch) => batch.finish(),
        }
    }
}
