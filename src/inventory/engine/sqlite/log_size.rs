//! Keeps SQLite's write-ahead log short.

use std::path::Path;
use std::time::Duration;

use super::{Connection, LOG_LIMIT, PATIENCE};
use crate::files::beside;

impl Connection {
    /// Truncates a log that grew because a long read kept it from being checkpointed. SQLite shortens it only when it
    /// writes.
    pub(in crate::inventory::engine) fn limit_log(&self) {
        let log = self.db.path().map(|path| beside(Path::new(path), "-wal"));
        let length = log.and_then(|log| log.metadata().ok()).map(|log| log.len());
        if length.is_none_or(|length| length <= 2 * LOG_LIMIT) {
            return;
        }
        // Does not wait for readers. While one is active, this is tried again after the next transaction.
        self.wait_for_locks(Duration::ZERO);
        let cut = self.checkpoint();
        self.wait_for_locks(PATIENCE);
        if let Err(error) = cut {
            tracing::debug!("cannot checkpoint the write-ahead log yet: {error}");
        }
    }
}
