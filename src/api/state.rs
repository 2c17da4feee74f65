//! What every route stands on: the desk, the limits, and how it reads and writes the inventory.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Backend;
use super::access_log::{Access, Counted};
use super::types::Problem;
use crate::http::{Places, Rank, Shares};
use crate::inventory::{Error, Tx, View};

/// How much one peer may take from the others.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// A connection carries one request at a time, so this is also the share of secret reads and of orders.
    pub(super) connections: Shares,
    /// Followers of the journal stay for long and are counted apart.
    pub(super) followers: Shares,
    /// How long a connection is kept, however busy it is. A follower may stay.
    pub(super) age: Duration,
    /// For a whole head; also how long a connection may be idle.
    pub(super) head: Duration,
    pub(super) body: Duration,
    /// For a peer to take the next piece of an answer.
    pub(super) stall: Duration,
    /// For the daemon to answer a reload; a client waits a little longer.
    pub(super) answer: Duration,
    /// For open requests when the daemon stops, or when the connection's time is over.
    pub(super) resolution_email: Duration,
    /// How often a follower looks even if nobody said that there is something new.
    pub(super) look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // `perennial import` uses 16 at once.
            connections: Shares {
                common: 64,
                each: 20,
                reserved: 32,
            },
            followers: Shares {
                common: 16,
                each: 4,
                reserved: 8,
            },
            age: Duration::from_secs(600),
            head: Duration::from_secs(5),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(10),
            answer: Duration::from_secs(25),
            resolution_email: Duration::from_secs(10),
            look: Duration::from_secs(1),
        }
    }
}

#[derive(Debug)]
pub(super) struct AppState {
    backend: Backend,
    pub(super) limits: Limits,
    pub(super) followers: Arc<Places<u32>>,
    /// One long reading at a time, so that short ones always find a free connection to the inventory.
    long_readings: Semaphore,
    /// The turn among ordinary peers, so that a peer with reserved places waits for one of them at most.
    common_turn: Semaphore,
    pub(super) stop: CancellationToken,
    /// The user that the daemon runs as.
    pub(super) uid: u32,
}

pub(super) type SharedAppState = State<Arc<AppState>>;

impl AppState {
    pub(super) fn new(backend: Backend, limits: Limits, stop: CancellationToken) -> Self {
        Self {
            backend,
            followers: Places::new(limits.followers),
            long_readings: Semaphore::new(1),
            common_turn: Semaphore::new(1),
            limits,
            stop,
            uid: nix::unistd::geteuid().as_raw(),
        }
    }

    pub(super) async fn read<T, F>(&self, question: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        Ok(self.inventory.read(question).await?)
    }

    /// For what may have to look at many rows.
    pub(super) async fn read_at_length<T, F>(&self, rank: Rank, question: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        let _common = match rank {
            Rank::Common => Some(self.common_turn.acquire().await),
            Rank::Reserved => None,
        };
        let _turn = self.long_readings.acquire().await;
        self.read(question).await
    }

    /// Runs `job` in a transaction; what it refuses is written down all the same.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<Result<T, Problem>, Error> + Send + 'static,
    {
        let outcome = self.inventory.write(job).await?;
        self.journal.send_replace(());
        outcome
    }

    /// Notes who asked for a secret, in memory and log while the journal cannot be written: a disk that takes nothing
    /// keeps no secret from its reader.
    pub(super) async fn count_access(&self, mut access: Access, now: Timestamp) {
        if self.accesses.record(&mut access, now) == Counted::First {
            self.inventory.record_or_keep(access.event(), now).await;
            self.journal.send_replace(());
        }
    }

    /// Writes, and wakes the sweep to act on it.
    pub(super) async fn order<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<Result<T, Problem>, Error> + Send + 'static,
    {
        let outcome = self.write(job).await?;
        self.wake_rotation.notify_one();
        Ok(outcome)
    }
}

impl Deref for AppState {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
    }
}
