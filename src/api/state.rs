//! What the routes of the socket need besides what all servers share: limits, turns, and the daemon's channels.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::access_log::{Access, Counted};
use super::problem_response::JobError;
use super::recent_secrets::RecentSecrets;
use super::types::Problem;
use super::{DaemonHandle, DaemonStatus};
use crate::http::{self, ForecastResult, Rank, Shares, Slots};
use crate::inventory::{Error, Tx, View};
use crate::model::ForecastQuestion;

/// Limits that keep one peer from crowding out the others.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) connections: http::Limits,
    /// Followers of the journal stay for long and are counted separately.
    pub(super) followers: Shares,
    pub(super) body: Duration,
    /// How long the daemon may take to answer a reload; a client waits a little longer.
    pub(super) answer: Duration,
    /// How often a follower reads the journal even without a wake-up.
    pub(super) look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: http::Limits {
                // A program that asks for several secrets at the same time needs no more connections.
                shares: Shares {
                    common: 64,
                    each: 20,
                    reserved: 32,
                },
                head: Duration::from_secs(5),
                buffer: 64 * 1024,
                stall: Duration::from_secs(10),
                age: Duration::from_secs(600),
                shutdown: Duration::from_secs(10),
            },
            followers: Shares {
                common: 16,
                each: 4,
                reserved: 8,
            },
            body: Duration::from_secs(10),
            answer: Duration::from_secs(25),
            look: Duration::from_secs(1),
        }
    }
}

#[derive(Debug)]
pub(super) struct SocketState {
    daemon: DaemonHandle,
    pub(super) limits: Limits,
    pub(super) followers: Arc<Slots>,
    /// One long read at a time, so that short reads always find a free connection to the inventory.
    long_readings: Semaphore,
    /// Ordinary peers queue here first, so that a peer with reserved slots waits for one of them at most.
    common_turn: Semaphore,
    /// The same for forecasts, which take longer than any other answer.
    common_forecast: Semaphore,
    pub(super) stop: CancellationToken,
    pub(super) recent_secrets: RecentSecrets,
    /// The user that the daemon runs as.
    pub(super) uid: u32,
}

pub(super) type AppState = http::AppState<SocketState>;
pub(super) type SharedAppState = State<Arc<AppState>>;

impl SocketState {
    pub(super) fn new(daemon: DaemonHandle, limits: Limits, stop: CancellationToken) -> Self {
        Self {
            daemon,
            followers: Slots::new(limits.followers),
            long_readings: Semaphore::new(1),
            common_turn: Semaphore::new(1),
            common_forecast: Semaphore::new(1),
            limits,
            stop,
            recent_secrets: RecentSecrets::default(),
            uid: nix::unistd::geteuid().as_raw(),
        }
    }
}

impl AppState {
    /// The daemon's status, with a later write error of the inventory if there is one.
    pub(super) fn daemon_status_now(&self) -> DaemonStatus {
        let daemon_status = self.daemon_status.borrow().clone();
        daemon_status.with_write_error_of(&self.backend.inventory)
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
        Ok(self.read(question).await?)
    }

    pub(super) async fn forecast(&self, rank: Rank, question: ForecastQuestion) -> ForecastResult {
        let _common = match rank {
            Rank::Common => Some(self.common_forecast.acquire().await),
            Rank::Reserved => None,
        };
        self.backend.forecasts.ask(question).await
    }

    /// Runs `job` in a transaction, which is committed even when `job` returns a problem.
    pub(super) async fn transact<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, JobError> + Send + 'static,
    {
        self.write(move |tx| committed(job(tx))).await?
    }

    /// Writes, then wakes the workers.
    pub(super) async fn order<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, JobError> + Send + 'static,
    {
        let outcome = self.transact(job).await?;
        self.announce_work();
        Ok(outcome)
    }

    /// The same for a job that may change hundreds of rows.
    pub(super) async fn order_many<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, JobError> + Send + 'static,
    {
        let outcome = self.write_alone(move |tx| committed(job(tx))).await??;
        self.announce_work();
        Ok(outcome)
    }

    /// Records who asked for a secret; in memory and in the log while the journal cannot be written, so that a full
    /// disk does not block secret reads.
    pub(super) async fn count_access(&self, mut access: Access, now: Timestamp) {
        if self.accesses.record(&mut access, now) == Counted::First {
            let inventory = &self.backend.inventory;
            inventory.record_or_keep(access.event(), now).await;
            self.backend.journal.send_replace(());
        }
    }
}

impl Deref for SocketState {
    type Target = DaemonHandle;

    fn deref(&self) -> &DaemonHandle {
        &self.daemon
    }
}

/// A problem is an answer like any other: what was written before it stays.
fn committed<T>(result: Result<T, JobError>) -> Result<Result<T, Problem>, Error> {
    match result {
        Ok(result) => Ok(Ok(result)),
        Err(JobError::Problem(problem)) => Ok(Err(problem)),
        Err(JobError::Inventory(error)) => Err(error),
    }
}
