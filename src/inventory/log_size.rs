//! Keeps SQLite's write-ahead log short.

use std::time::Duration;

use super::access::Store;
use super::engine::{LOG_LIMIT, PATIENCE};
use crate::files::beside;

/// Truncates a log that grew because a long read kept it from being checkpointed. SQLite shortens it only when it
/// writes.
pub(super) fn limit(store: &Store) {
    let Store::Open { db, .. } = store else {
        return;
    };
    let log = db.path().map(|path| beside(path, "-wal"));
    let length = log.and_then(|log| log.metadata().ok()).map(|log| log.len());
    if length.is_none_or(|length| length <= 2 * LOG_LIMIT) {
        return;
    }
    // Does not wait for readers. While one is active, this is tried again after the next transaction.
    db.wait_for_locks(Duration::ZERO);
    let cut = db.checkpoint();
    db.wait_for_locks(PATIENCE);
    if let Err(error) = cut {
        tracing::debug!("cannot checkpoint the write-ahead log yet: {error}");
    }
}
