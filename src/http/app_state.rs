//! What the routes of both servers share: the inventory, the clock, and the signals to the daemon.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use super::Forecasts;
use crate::inventory::{Error, Inventory, Tx, View};

pub type NowFn = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every server needs from the daemon.
#[derive(Clone)]
pub struct Backend {
    pub inventory: Inventory,
    /// Sent when there is new work for the workers in the inventory.
    pub new_work: watch::Sender<()>,
    /// Sent whenever the journal has grown, so that followers read on.
    pub journal: watch::Sender<()>,
    pub clock: NowFn,
    pub forecasts: Forecasts,
}

/// The state of all routes of one server; `own` is what only this server needs.
#[derive(Debug)]
pub struct AppState<S> {
    pub backend: Backend,
    own: S,
}

impl<S> AppState<S> {
    pub const fn new(backend: Backend, own: S) -> Self {
        Self { backend, own }
    }

    /// The current time in whole seconds, as the inventory stores times.
    pub fn now(&self) -> Timestamp {
        let now = (self.backend.clock)();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    pub async fn read<T, F>(&self, question: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.backend.inventory.read(question).await
    }

    pub async fn write<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let outcome = self.backend.inventory.write(job).await?;
        self.backend.journal.send_replace(());
        Ok(outcome)
    }

    /// The same for a job that may change hundreds of rows.
    pub async fn write_alone<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let outcome = self.backend.inventory.write_alone(job).await?;
        self.backend.journal.send_replace(());
        Ok(outcome)
    }

    /// Wakes the workers, because there is new work in the inventory.
    pub fn announce_work(&self) {
        self.backend.new_work.send_replace(());
    }
}

impl<S> Deref for AppState<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.own
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Backend")
    }
}
