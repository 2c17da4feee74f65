//! The shared state of all routes: the backend, the limits, and how routes read and write the inventory.

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

/// Limits that keep one peer from crowding out the others.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// A connection carries one request at a time, so this also limits concurrent secret reads and orders.
    pub(super) connections: Shares,
    /// Followers of the journal stay for long and are counted separately.
    pub(super) followers: Shares,
    /// How long a connection may stay open, however busy it is. Followers are exempt.
    pub(super) age: Duration,
    /// How long a request head may take; also how long a connection may be idle.
    pub(super) head: Duration,
    pub(super) body: Duration,
    /// How long a peer may take to read the next piece of an answer.
    pub(super) stall: Duration,
    /// How long the daemon may take to answer a reload; a client waits a little longer.
    pub(super) answer: Duration,
    /// How long open requests may take when the daemon stops or the connection's time is over.
    pub(super) shutdown: Duration,
    /// How often a follower reads the journal even without a wake-up.
    pub(super) look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // `perennial import` uses 16 connections at the same time.
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
            shutdown: Duration::from_secs(10),
            look: Duration::from_secs(1),
        }
    }
}

#[derive(Debug)]
pub(super) struct AppState {
    backend: Backend,
    pub(super) limits: Limits,
    pub(super) followers: Arc<Places<u32>>,
    /// One long read at a time, so that short reads always find a free connection to the inventory.
    long_readings: Semaphore,
    /// Ordinary peers queue here first, so that a peer with reserved slots waits for one of them at most.
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

    /// For queries that may read many rows.
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

    /// Runs `job` in a transaction. The transaction is committed even when `job` returns a problem.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<Result<T, Problem>, Error> + Send + 'static,
    {
        let outcome = self.inventory.write(job).await?;
        self.journal.send_replace(());
        outcome
    }

    /// Records who asked for a secret; in memory and in the log while the journal cannot be written, so that a full
    /// disk does not block secret reads.
    pub(super) async fn count_access(&self, mut access: Access, now: Timestamp) {
        if self.accesses.record(&mut access, now) == Counted::First {
            self.inventory.record_or_keep(access.event(), now).await;
            self.journal.send_replace(());
        }
    }

    /// Writes, then wakes the sweep.
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
