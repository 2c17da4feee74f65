//! Who wakes which worker. A signal carries no data, because what there is to do is in the inventory; several signals
//! before a worker reacts count as one.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::select_all;
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Signal {
    SweepTick,
    /// Also the tick of the summary.
    EmailTick,
    BackupTick,
    /// There is new work in the inventory: an order from the socket, an answered login, a call from Meta.
    NewWork,
    /// The inventory can be written again.
    Recovered,
    LoginsEnded,
    TokensChanged,
    EmailQueued,
    IncidentsReviewed,
    /// A channel did not take a message, which others may have to be notified about, or takes messages again.
    ChannelChanged,
    SweepEnded,
    StatusShown,
    /// The node has a duty that it did not have before.
    DutyTaken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Worker {
    Rotation,
    Logins,
    Deletions,
    Maintenance,
    Alerts,
    Deliveries,
    Posts,
    Backup,
    Status,
    Heartbeat,
    Textfile,
}

/// Who wakes whom.
const WAKEUPS: &[(Signal, &[Worker])] = {
    use Worker::{
        Alerts, Backup, Deletions, Deliveries, Heartbeat, Logins, Maintenance, Posts, Rotation,
        Status, Textfile,
    };
    const SWEEPERS: &[Worker] = &[Rotation, Logins, Deletions, Deliveries, Maintenance];
    &[
        (Signal::SweepTick, SWEEPERS),
        (
            Signal::DutyTaken,
            &[Rotation, Alerts, Deliveries, Posts, Deletions, Maintenance],
        ),
        (
            Signal::NewWork,
            &[Rotation, Logins, Deletions, Deliveries, Maintenance, Posts],
        ),
        (Signal::Recovered, SWEEPERS),
        (Signal::LoginsEnded, &[Rotation]),
        (Signal::SweepEnded, &[Status, Heartbeat]),
        (Signal::StatusShown, &[Textfile]),
        (Signal::TokensChanged, &[Alerts, Deliveries]),
        (Signal::EmailQueued, &[Alerts]),
        (Signal::EmailTick, &[Alerts, Deliveries, Posts]),
        (Signal::IncidentsReviewed, &[Posts]),
        (Signal::ChannelChanged, &[Alerts]),
        (Signal::BackupTick, &[Backup]),
    ]
};

/// The channels of all signals. They outlive a reload.
#[derive(Clone, Debug)]
pub(super) struct Wakeups(Arc<HashMap<Signal, watch::Sender<()>>>);

/// The signals that wake one worker.
pub(super) struct Wakeup(Vec<watch::Receiver<()>>);

impl Wakeups {
    pub(super) fn new() -> Self {
        let channels = WAKEUPS
            .iter()
            .map(|(signal, _)| (*signal, watch::Sender::new(())));
        Self(Arc::new(channels.collect()))
    }

    pub(super) fn send(&self, signal: Signal) {
        if let Some(channel) = self.0.get(&signal) {
            channel.send_replace(());
        }
    }

    /// For those who know nothing of signals.
    pub(super) fn sender(&self, signal: Signal) -> watch::Sender<()> {
        self.0.get(&signal).cloned().unwrap_or_default()
    }

    pub(super) fn of(&self, worker: Worker) -> Wakeup {
        let wakes = WAKEUPS
            .iter()
            .filter(|(_, workers)| workers.contains(&worker));
        let channels = wakes.filter_map(|(signal, _)| self.0.get(signal));
        Wakeup(channels.map(watch::Sender::subscribe).collect())
    }
}

impl Wakeup {
    /// Waits for a signal.
    pub(super) async fn next(&mut self) {
        let changes = self.0.iter_mut().map(|signal| Box::pin(signal.changed()));
        // An error means that the daemon is ending.
        let _ = select_all(changes).await;
        self.0.iter_mut().for_each(watch::Receiver::mark_unchanged);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_signal_wakes_its_workers_once_and_no_other() {
        let wakeups = Wakeups::new();
        let [mut first, mut second] = [(); 2].map(|()| wakeups.of(Worker::Rotation));
        let mut backup = wakeups.of(Worker::Backup);
        for signal in [Signal::SweepTick, Signal::NewWork, Signal::NewWork] {
            wakeups.send(signal);
        }
        for rotation in [&mut first, &mut second] {
            assert!(rotation.next().now_or_never().is_some());
            assert!(rotation.next().now_or_never().is_none());
        }
        assert!(backup.next().now_or_never().is_none());
        wakeups.sender(Signal::BackupTick).send_replace(());
        assert!(backup.next().now_or_never().is_some());
    }
}
