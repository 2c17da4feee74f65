//! Whose turn it is at each sink.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

/// Old and new workers overlap during a reload. Only one of them may work on a sink, or an old version could arrive
/// last.
#[derive(Clone, Default)]
pub(super) struct SinkLocks(Arc<std::sync::Mutex<HashMap<String, Arc<Mutex<()>>>>>);

impl SinkLocks {
    /// Waits for the turn of a sink's worker. `None` when the worker must stop.
    pub(super) async fn turn(
        &self,
        stop: &CancellationToken,
        sink: &str,
    ) -> Option<OwnedMutexGuard<()>> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(sink.to_owned()).or_default())
        };
        stop.run_until_cancelled(lock.lock_owned()).await
    }
}
