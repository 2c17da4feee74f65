//! What the workers of one configuration share, and the loop that each of them runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::clock;
use super::clock_check::ClockState;
use super::services::Services;
use super::shared_state::SharedState;
use super::sweeps::Sweeps;
use super::wakeups::{Signal, Worker};
use crate::config::Schedule;
use crate::inventory::{Error, Inventory};
use crate::model::Duty;
use crate::rotation::RotationWorker;

#[derive(Clone)]
pub(super) struct Context {
    pub(super) services: Arc<Services>,
    /// The inventory, on behalf of the worker's duty.
    pub(super) inventory: Inventory,
    pub(super) schedule: Schedule,
    pub(super) timezone: TimeZone,
    pub(super) shared: SharedState,
    pub(super) stop: CancellationToken,
    pub(super) sweeps: Sweeps,
}

/// What a worker does each time that it is woken.
pub(super) trait Job: Send {
    /// It is woken after this time even without a signal.
    const AT_LEAST_EVERY: Duration = Duration::MAX;

    /// The duty that it belongs to: it is done only by the node that holds this. `None` for what every node does.
    fn duty(&self) -> Option<Duty>;

    /// Called in place of [`Self::run_once`] while another node holds that duty.
    fn leave_to_others(&self, _context: &Context) {}

    fn run_once(
        &mut self,
        context: &Context,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Context {
    /// Runs `job` now and whenever a signal wakes the worker, until the stop. A run that has begun is finished. An
    /// inventory error ends one run, not the loop.
    pub(super) async fn run_worker<J: Job>(&self, worker: Worker, job: &mut J) {
        let mut wakeup = self.shared.wakeups.of(worker);
        while !self.stop.is_cancelled() {
            match self.on_duty(job.duty()) {
                Some(context) => {
                    self.is_done(job.run_once(&context, clock::now()).await);
                }
                None => job.leave_to_others(self),
            }
            let wakeup = timeout(J::AT_LEAST_EVERY, wakeup.next());
            self.stop.run_until_cancelled(wakeup).await;
        }
    }

    /// For work that belongs to a duty: what it writes is written only while this node holds it. `None` if it does not.
    pub(super) fn on_duty(&self, duty: Option<Duty>) -> Option<Self> {
        let Some(duty) = duty else {
            return Some(self.clone());
        };
        let held = self.shared.duties.held(&duty, Instant::now())?;
        Some(Self {
            inventory: self.services.inventory.on_behalf_of(&held),
            ..self.clone()
        })
    }

    /// Whether to begin more work: not after a stop, nor once another node may have the duty.
    pub(super) fn goes_on(&self) -> bool {
        !self.stop.is_cancelled() && self.inventory.may_act()
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

    /// Shows in the status what keeps a side job from its work, or that nothing does. A newer configuration has its own
    /// side jobs.
    pub(super) fn report_side_job(&self, job: &'static str, error: Option<String>) {
        if !self.stop.is_cancelled() {
            self.shared.publish_side_job_error(job, error);
        }
    }
}
