//! The worker tasks of one configuration: one per app, and one each for alerts, logins, data deletion, status, backup,
//! maintenance, the schedule and forwarding wakeups. A tick is dropped if its worker has a wakeup pending.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::backup_job::run_backups;
use super::clock_check::ClockCheck;
use super::maintenance::run_maintenance;
use super::services::Services;
use super::wakeups::{Wakeups, forward_wakeups};
use super::watchdog::Watchdog;
use super::worker_loops::{
    LastSweeps, publish_status, run_alerts, run_deletions, run_logins, run_rotation, run_schedule,
};
use crate::api::{AccessLog, DaemonStatus};
use crate::config::Schedule;

/// State that survives a reload and is shared with the socket.
#[derive(Clone)]
pub(super) struct SharedState {
    pub(super) daemon_status: watch::Sender<DaemonStatus>,
    pub(super) journal: watch::Sender<()>,
    /// Woken by requests on the socket.
    pub(super) wake_rotation: Arc<Notify>,
    pub(super) watchdog: Arc<Watchdog>,
    pub(super) clock: Arc<ClockCheck>,
    /// Held while sending emails, because old and new workers overlap during a reload.
    pub(super) outbox: Arc<tokio::sync::Mutex<()>>,
    /// Reads of secrets that are not recorded yet.
    pub(super) accesses: Arc<AccessLog>,
}

pub(super) struct Workers {
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
    mail: Arc<Notify>,
}

impl Workers {
    pub(super) fn start(
        services: &Arc<Services>,
        schedule: &Schedule,
        timezone: &TimeZone,
        shared: &SharedState,
    ) -> Self {
        let wakeups = Wakeups::new(services.rotation_workers.len());
        let mut workers = Self {
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            mail: Arc::clone(&wakeups.mail),
        };
        let stop = &workers.stop.clone();
        let swept = LastSweeps::default();
        for (rotation_worker, wakeup) in services.rotation_workers.iter().zip(&wakeups.sweeps) {
            let run_rotation = run_rotation(
                rotation_worker.clone(),
                Arc::clone(wakeup),
                wakeups.clone(),
                Arc::clone(&swept),
                shared.clone(),
                stop.clone(),
            );
            workers.tasks.spawn(run_rotation);
        }
        workers.tasks.spawn(forward_wakeups(
            wakeups.clone(),
            Arc::clone(&shared.wake_rotation),
            stop.clone(),
        ));
        workers.tasks.spawn(run_alerts(
            Arc::clone(services),
            wakeups.clone(),
            shared.clone(),
            stop.clone(),
        ));
        workers.tasks.spawn(run_logins(
            Arc::clone(services),
            Arc::clone(&wakeups.logins),
            shared.clone(),
            stop.clone(),
        ));
        workers.tasks.spawn(run_deletions(
            Arc::clone(services),
            Arc::clone(&wakeups.deletions),
            shared.clone(),
            stop.clone(),
        ));
        workers.tasks.spawn(publish_status(
            Arc::clone(services),
            wakeups.clone(),
            swept,
            (schedule.sweep.clone(), timezone.clone()),
            shared.clone(),
            stop.clone(),
        ));
        workers.run_backups(services, schedule, timezone, &wakeups, shared);
        workers.run_maintenance(services, &wakeups, shared);
        workers.tasks.spawn(run_schedule(
            wakeups.lines(schedule),
            timezone.clone(),
            Arc::clone(&shared.watchdog),
            stop.clone(),
        ));
        wakeups.wake_all();
        workers
    }

    fn run_backups(
        &mut self,
        services: &Arc<Services>,
        schedule: &Schedule,
        timezone: &TimeZone,
        wakeups: &Wakeups,
        shared: &SharedState,
    ) {
        self.tasks.spawn(run_backups(
            Arc::clone(services),
            (schedule.backup.clone(), timezone.clone()),
            Arc::clone(&wakeups.backup),
            shared.clone(),
            self.stop.clone(),
        ));
    }

    fn run_maintenance(
        &mut self,
        services: &Arc<Services>,
        wakeups: &Wakeups,
        shared: &SharedState,
    ) {
        self.tasks.spawn(run_maintenance(
            Arc::clone(services),
            Arc::clone(&wakeups.maintenance),
            shared.clone(),
            self.stop.clone(),
        ));
    }

    /// The name of a worker that ended without being stopped.
    pub(super) async fn ended_worker(&mut self) -> &'static str {
        match self.tasks.join_next().await {
            Some(Ok(name)) => name,
            Some(Err(_)) | None => "name unknown",
        }
    }

    /// Wakes the worker that sends emails, without waiting for the next tick.
    pub(super) fn wake_email(&self) {
        self.mail.notify_one();
    }

    /// Stops the workers after their current work.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}
