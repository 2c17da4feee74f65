//! What wakes the tasks of a crew. A bell carries no data, and one that rings twice before it is heard rang once.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::schedule::Line;
use crate::config::Schedule;

#[derive(Clone)]
pub(super) struct Bells {
    pub(super) sweeps: Vec<Arc<Notify>>,
    pub(super) sweep: Arc<Notify>,
    pub(super) mail: Arc<Notify>,
    pub(super) deletions: Arc<Notify>,
    pub(super) logins: Arc<Notify>,
    pub(super) pulse: Arc<Notify>,
    pub(super) backup: Arc<Notify>,
    pub(super) upkeep: Arc<Notify>,
}

impl Bells {
    pub(super) fn new(apps: usize) -> Self {
        Self {
            sweeps: (0..apps).map(|_| Arc::default()).collect(),
            sweep: Arc::default(),
            mail: Arc::default(),
            deletions: Arc::default(),
            logins: Arc::default(),
            pulse: Arc::default(),
            backup: Arc::default(),
            upkeep: Arc::default(),
        }
    }

    /// Which bell each line of the schedule rings.
    pub(super) fn lines(&self, schedule: &Schedule) -> Vec<Line> {
        let lines = [
            (Some(&schedule.sweep), &self.sweep),
            (Some(&schedule.mail), &self.mail),
            (schedule.digest.as_ref(), &self.mail),
            (schedule.backup.as_ref(), &self.backup),
        ];
        let line = |(cron, bell): (Option<&String>, &Arc<Notify>)| {
            Some(Line {
                cron: cron?.clone(),
                wakes: Arc::clone(bell),
            })
        };
        lines.into_iter().filter_map(line).collect()
    }

    pub(super) fn ring(&self) {
        self.sweep.notify_one();
        self.mail.notify_one();
        self.pulse.notify_one();
    }
}

/// One bell for all apps: a tick, or somebody who asked for something.
pub(super) async fn ring_all(
    bells: Bells,
    nudge: Arc<Notify>,
    stop: CancellationToken,
) -> &'static str {
    let either = || async {
        tokio::select! { () = bells.sweep.notified() => {}, () = nudge.notified() => {} }
    };
    while stop.run_until_cancelled(either()).await.is_some() {
        bells.deletions.notify_one();
        bells.logins.notify_one();
        bells.upkeep.notify_one();
        bells.sweeps.iter().for_each(|bell| bell.notify_one());
    }
    "the bell"
}
