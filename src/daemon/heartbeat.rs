//! Calls an outside watcher after each sweep that visited everything that was due in every app. The watcher raises the
//! alarm when the calls stop, for whatever reason.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::watcher::Watcher;
use super::worker::{Context, Job};
use crate::inventory::Error;
use crate::model::Duty;

/// The shortest time between two calls.
const AT_MOST_EVERY: Duration = Duration::from_secs(60);

/// Calls the watcher.
pub(super) struct Heartbeat {
    watcher: Watcher,
    /// The least recent of the sweeps that the latest call was for.
    called_for: Option<Timestamp>,
}

impl Heartbeat {
    pub(super) const fn new(watcher: Watcher) -> Self {
        Self {
            watcher,
            called_for: None,
        }
    }
}

impl Job for Heartbeat {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::Email)
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        let swept = context.visited_at(now).await?;
        if swept.is_none() || swept == self.called_for || !may_call(context) {
            return Ok(());
        }
        self.called_for = swept;
        let call = context.stop.run_until_cancelled(self.watcher.call());
        let Some(called) = call.await else {
            return Ok(());
        };
        let error = called.err().map(|why| {
            format!("the heartbeat does not get through to its watcher: {why}. See [heartbeat] url")
        });
        context.report_side_job("heartbeat", error);
        Ok(())
    }
}

/// Whether the latest call was long ago. If so, this one counts.
fn may_call(context: &Context) -> bool {
    let mut may = false;
    context.shared.heartbeat_at.send_if_modified(|called_at| {
        may = called_at.is_none_or(|at: Instant| at.elapsed() >= AT_MOST_EVERY);
        if may {
            *called_at = Some(Instant::now());
        }
        may
    });
    may
}
