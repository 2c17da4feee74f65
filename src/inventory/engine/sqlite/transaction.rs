//! Transactions, and how long they wait for the lock of the file.

use std::time::Duration;

use rusqlite::ErrorCode;

use super::{Connection, PATIENCE};
use crate::inventory::error::Error;

/// How long to wait for a lock after an earlier wait for it has failed.
const IMPATIENCE: Duration = Duration::from_millis(100);

impl Connection {
    pub(in crate::inventory::engine) fn atomically<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let transaction = self.db.unchecked_transaction()?;
        let done = work()?;
        transaction.commit()?;
        Ok(done)
    }

    /// Does not wait long again for a lock that was not released the last time.
    pub(in crate::inventory::engine) fn begin(&self) -> Result<(), Error> {
        self.counters.add_one();
        let begun = self.db.execute_batch("BEGIN IMMEDIATE");
        let is_locked = begun.as_ref().is_err_and(|error| {
            matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            )
        });
        self.wait_for_locks(if is_locked { IMPATIENCE } else { PATIENCE });
        Ok(begun?)
    }

    /// Ends a transaction by `COMMIT` or `ROLLBACK`.
    pub(in crate::inventory::engine) fn end(&self, how: &str) -> Result<(), Error> {
        self.script(how).inspect_err(|_| {
            // Makes sure that no transaction is left. Fails when there is none.
            let _ = self.script("ROLLBACK");
        })
    }

    pub(in crate::inventory::engine) fn is_in_transaction(&self) -> bool {
        !self.db.is_autocommit()
    }

    /// How long to wait for a lock from now on.
    pub(super) fn wait_for_locks(&self, patience: Duration) {
        // Cannot fail on an open connection.
        let _ = self.db.busy_timeout(patience);
    }
}
