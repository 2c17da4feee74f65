//! The files that sinks wrote, so that they can be removed when a token, its name or its sink is gone.

use crate::inventory::engine::fields;
use crate::inventory::{Error, Tx, View};
use crate::model::{DeliveredFile, TokenId};

impl View<'_> {
    /// Files to look at again, in the order of their paths. The flag says that a file must be removed in any case.
    pub fn stale_files(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(DeliveredFile, bool)>, Error> {
        self.db.all(
            "SELECT path, sink, token, stale = 'remove' FROM delivered_file
             WHERE stale IS NOT NULL AND path > ?1 ORDER BY path LIMIT ?2",
            &[&after, &limit],
            |row| {
                let file = fields!(DeliveredFile { path, sink, token });
                let file: Result<_, Error> = file(row);
                Ok((file?, row.get(3)?))
            },
        )
    }
}

impl Tx<'_> {
    /// Remembers a file before it is written, so that none is ever left behind.
    pub fn record_delivered_file(&self, file: &DeliveredFile) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO delivered_file (path, sink, token) VALUES (?1, ?2, ?3)
             ON CONFLICT (path) DO UPDATE SET sink = excluded.sink, token = excluded.token, stale = NULL",
            &[&file.path, &file.sink, &file.token],
        )
    }

    /// Its other files are from an earlier name of the token or an earlier path of the sink.
    pub fn other_files_are_stale(&self, file: &DeliveredFile) -> Result<(), Error> {
        self.db.run(
            "UPDATE delivered_file SET stale = coalesce(stale, 'check')
             WHERE token = ?2 AND sink = ?3 AND path <> ?1",
            &[&file.path, &file.token, &file.sink],
        )
    }

    /// Has the files of a token looked at again: it is dead, was renamed or is about to be forgotten.
    pub(in crate::inventory) fn files_are_stale(&self, token: TokenId) -> Result<(), Error> {
        self.db.run(
            "UPDATE delivered_file SET stale = coalesce(stale, 'check') WHERE token = ?1",
            &[&token],
        )
    }

    /// Has the files of a token removed, whatever their sink says.
    pub(in crate::inventory) fn files_must_go(&self, token: TokenId) -> Result<(), Error> {
        self.db.run(
            "UPDATE delivered_file SET stale = 'remove' WHERE token = ?1",
            &[&token],
        )
    }

    /// Has every file looked at again.
    pub fn all_files_are_stale(&self) -> Result<(), Error> {
        let all = "UPDATE delivered_file SET stale = 'check' WHERE stale IS NULL";
        self.db.run(all, &[])
    }

    /// The file is as it should be, unless a person's data has to go since.
    pub fn keep_delivered_file(&self, path: &str) -> Result<(), Error> {
        let keep = "UPDATE delivered_file SET stale = NULL WHERE path = ?1 AND stale = 'check'";
        self.db.run(keep, &[&path])
    }

    /// The file was removed.
    pub fn forget_delivered_file(&self, path: &str) -> Result<(), Error> {
        let forget = "DELETE FROM delivered_file WHERE path = ?1 AND stale IS NOT NULL";
        self.db.run(forget, &[&path])
    }
}
