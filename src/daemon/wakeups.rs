//! Who wakes which worker. A wakeup carries no data, and two wakeups before a worker reacts count as one.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::schedule::ScheduleLine;
use crate::config::Schedule;

#[derive(Clone)]
pub(super) struct Wakeups {
    pub(super) sweeps: Vec<Arc<Notify>>,
    pub(super) sweep: Arc<Notify>,
    pub(super) mail: Arc<Notify>,
    pub(super) deletions: Arc<Notify>,
    pub(super) logins: Arc<Notify>,
    pub(super) daemon_status: Arc<Notify>,
    pub(super) backup: Arc<Notify>,
    pub(super) maintenance: Arc<Notify>,
}

impl Wakeups {
    pub(super) fn new(apps: usize) -> Self {
        Self {
            sweeps: (0..apps).map(|_| Arc::default()).collect(),
            sweep: Arc::default(),
            mail: Arc::default(),
            deletions: Arc::default(),
            logins: Arc::default(),
            daemon_status: Arc::default(),
            backup: Arc::default(),
            maintenance: Arc::default(),
        }
    }

    /// The worker that each cron line of the schedule wakes.
    pub(super) fn lines(&self, schedule: &Schedule) -> Vec<ScheduleLine> {
        let lines = [
            (Some(&schedule.sweep), &self.sweep),
            (Some(&schedule.mail), &self.mail),
            (schedule.digest.as_ref(), &self.mail),
            (schedule.backup.as_ref(), &self.backup),
        ];
        let line = |(cron, wakeup): (Option<&String>, &Arc<Notify>)| {
            Some(ScheduleLine {
                cron: cron?.clone(),
                wakes: Arc::clone(wakeup),
            })
        };
        lines.into_iter().filter_map(line).collect()
    }

    pub(super) fn wake_all(&self) {
        self.sweep.notify_one();
        self.mail.notify_one();
        self.daemon_status.notify_one();
    }
}

/// Passes a tick, or a request on the socket, on to the workers of all apps.
pub(super) async fn forward_wakeups(
    wakeups: Wakeups,
    wake_rotation: Arc<Notify>,
    stop: CancellationToken,
) -> &'static str {
    let either = || async {
        tokio::select! { () = wakeups.sweep.notified() => {}, () = wake_rotation.notified() => {} }
    };
    while stop.run_until_cancelled(either()).await.is_some() {
        wakeups.deletions.notify_one();
        wakeups.logins.notify_one();
        wakeups.maintenance.notify_one();
        wakeups.sweeps.iter().for_each(|wakeup| wakeup.notify_one());
    }
    "wakeups"
}
