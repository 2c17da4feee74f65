//! A statement that is run for many rows, where nobody asks what each of them did. An engine across a socket can then
//! send all of them at once, see [`super::dialect`].

use super::{Connection, Params, Statement};
use crate::inventory::error::Error;

pub(in crate::inventory) struct Batch<'db> {
    statement: Statement<'db>,
}

impl Connection {
    /// No two rows of a batch may change the same row of a table.
    pub(in crate::inventory) fn batch(&self, sql: &str) -> Result<Batch<'_>, Error> {
        let statement = self.prepared(sql)?;
        Ok(Batch { statement })
    }
}

impl Batch<'_> {
    pub(in crate::inventory) fn add(&mut self, params: Params<'_>) -> Result<(), Error> {
        self.statement.run(params)
    }

    /// Runs what was added and has not run yet.
    pub(in crate::inventory) fn finish(self) -> Result<(), Error> {
        Ok(())
    }
}
