//! Whose turn it is: old and new workers overlap during a reload, and only one of them may send to the same sink or
//! channel. Otherwise an old version could arrive last.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

/// A lock for each name.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<std::sync::Mutex<HashMap<String, Arc<Mutex<()>>>>>);

impl Turns {
    /// Waits for the turn of a worker. `None` when the worker must stop.
    pub(super) async fn of(
        &self,
        name: &str,
        stop: &CancellationToken,
    ) -> Option<OwnedMutexGuard<()>> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        stop.run_until_cancelled(lock.lock_owned()).await
    }
}
