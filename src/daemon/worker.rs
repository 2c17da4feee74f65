//! What the workers of one configuration share, and the loop that each of them runs.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::clock;
use super::clock_check::ClockState;
use super::services::Services;
use super::shared_state::SharedState;
use super::wakeups::{Signal, Worker};
use crate::config::Schedule;
use crate::inventory::Error;
use crate::rotation::RotationWorker;

#[derive(Clone)]
pub(super) struct Context {
    pub(super) services: Arc<Services>,
    pub(super) schedule: Schedule,
    pub(super) timezone: TimeZone,
    pub(super) shared: SharedState,
    pub(super) stop: CancellationToken,
    /// When each app last had a complete sweep.
    pub(super) swept: watch::Sender<HashMap<String, Timestamp>>,
}

/// What a worker does each time that it is woken.
pub(super) trait Job: Send {
    fn run_once(
        &mut self,
        context: &Context,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Context {
    /// Runs `job` now and whenever a signal wakes the worker, until the stop. A run that has begun is finished. An
    /// inventory error ends one run, not the loop.
    pub(super) async fn run_worker(&self, worker: Worker, job: &mut impl Job) {
        let mut wakeup = self.shared.wakeups.of(worker);
        while !self.stop.is_cancelled() {
            self.is_done(job.run_once(self, clock::now()).await);
            self.stop.run_until_cancelled(wakeup.next()).await;
        }
    }

    /// Records an error, if there is one.
    pub(super) fn is_done(&self, outcome: Result<(), Error>) -> bool {
        outcome
            .map_err(|error| self.shared.record_inventory_error(&error))
            .is_ok()
    }

    pub(super) fn wake(&self, signal: Signal) {
        self.shared.wakeups.send(signal);
    }

    /// Checks the clock, and publishes what is wrong with it. If the check fails, the clock counts as wrong.
    pub(super) async fn check_clock(
        &self,
        rotation_workers: &[RotationWorker],
        now: Timestamp,
    ) -> ClockState {
        let clock = &self.shared.clock;
        let checked = clock.check(&self.services.inventory, rotation_workers, now);
        match checked.await {
            Ok((clock_state, clock_error)) => {
                self.shared.publish_clock_error(clock_error);
                clock_state
            }
            Err(error) => {
                self.shared.record_inventory_error(&error);
                ClockState::Wrong
            }
        }
    }

    pub(super) fn record_sweep(&self, app: &str, now: Timestamp) {
        self.swept.send_modify(|swept| {
            swept.insert(app.to_owned(), now);
        });
    }

    /// When the least recent complete sweep of an app was; `None` until all had one.
    pub(super) fn all_swept(&self) -> Option<Timestamp> {
        let swept = self.swept.borrow();
        let is_complete = swept.len() == self.services.rotation_workers.len();
        swept.values().min().copied().filter(|_| is_complete)
    }
}
