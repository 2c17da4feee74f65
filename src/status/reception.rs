//! What every route stands on: the desk, the limits, and how it reads and writes the inventory.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Desk;
use super::snapshot::Problem;
use crate::inventory::{Error, NewEvent, Tx, View};

/// How much one peer may take from the others.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) connections: usize,
    /// Followers of the journal stay for long and are counted apart.
    pub(super) followers: usize,
    /// For a whole head; also how long a connection may be idle.
    pub(super) head: Duration,
    pub(super) body: Duration,
    /// For a peer to take the next piece of an answer.
    pub(super) stall: Duration,
    /// For the daemon to answer a reload; a client waits a little longer.
    pub(super) answer: Duration,
    /// For open requests when the daemon stops.
    pub(super) farewell: Duration,
    /// How often a follower looks even if nobody said that there is something new.
    pub(super) look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 32,
            followers: 8,
            head: Duration::from_secs(5),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(10),
            answer: Duration::from_secs(25),
            farewell: Duration::from_secs(10),
            look: Duration::from_secs(1),
        }
    }
}

#[derive(Debug)]
pub(super) struct Reception {
    desk: Desk,
    pub(super) limits: Limits,
    pub(super) followers: Arc<Semaphore>,
    /// One long reading at a time, so that short ones always find a free connection to the inventory.
    long_readings: Semaphore,
    pub(super) stop: CancellationToken,
    /// The user that the daemon runs as.
    pub(super) uid: u32,
}

pub(super) type Here = State<Arc<Reception>>;

impl Reception {
    pub(super) fn new(desk: Desk, limits: Limits, stop: CancellationToken) -> Self {
        Self {
            desk,
            followers: Arc::new(Semaphore::new(limits.followers)),
            long_readings: Semaphore::new(1),
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
    pub(super) async fn read_at_length<T, F>(&self, question: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
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

    /// Notes what must not be held up by a disk that takes nothing.
    pub(super) async fn note(&self, event: NewEvent) {
        self.inventory.note_or_keep(event, self.now()).await;
        self.journal.send_replace(());
    }

    /// Writes, and wakes the sweep to act on it.
    pub(super) async fn order<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<Result<T, Problem>, Error> + Send + 'static,
    {
        let outcome = self.write(job).await?;
        self.nudge.notify_one();
        Ok(outcome)
    }
}

impl Deref for Reception {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}
