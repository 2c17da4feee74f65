//! The loops of the workers. An inventory error ends one run of a worker, not its loop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::clock_check::{self, ClockState};
use super::schedule::{self, ScheduleLine};
use super::services::Services;
use super::wakeups::Wakeups;
use super::watchdog::Watchdog;
use super::workers::SharedState;
use super::{clock, status, systemd};
use crate::api::{DaemonStatus, no_way_to_people};
use crate::inventory::{self, Inventory};
use crate::rotation::RotationWorker;
use crate::webhooks;

/// When each app last had a complete sweep.
pub(super) type LastSweeps = Arc<Mutex<HashMap<String, Timestamp>>>;

pub(super) async fn run_rotation(
    rotation_worker: RotationWorker,
    wakeup: Arc<Notify>,
    wakeups: Wakeups,
    swept: LastSweeps,
    shared: SharedState,
    stop: CancellationToken,
) -> &'static str {
    let mut begun = is_done(&shared, rotation_worker.begin().await);
    while stop.run_until_cancelled(wakeup.notified()).await.is_some() {
        begun = begun || is_done(&shared, rotation_worker.begin().await);
        while !stop.is_cancelled() {
            let now = clock::now();
            let rotation_workers = std::slice::from_ref(&rotation_worker);
            if check_clock(&rotation_worker.inventory, rotation_workers, &shared, now).await
                == ClockState::Wrong
            {
                break;
            }
            match rotation_worker.sweep(now).await {
                Ok(report) if report.more => shared.journal.send_replace(()),
                Ok(report) => {
                    if !report.backing_off {
                        swept
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(rotation_worker.app.clone(), now);
                    }
                    if report.changed > 0 {
                        wakeups.mail.notify_one();
                        shared.journal.send_replace(());
                    }
                    break;
                }
                Err(error) => {
                    record_inventory_error(&shared, &error);
                    break;
                }
            }
        }
        wakeups.daemon_status.notify_one();
    }
    if let Err(error) = rotation_worker.end(clock::now()).await {
        record_inventory_error(&shared, &error);
    }
    "rotation"
}

pub(super) async fn run_alerts(
    services: Arc<Services>,
    wakeups: Wakeups,
    shared: SharedState,
    stop: CancellationToken,
) -> &'static str {
    let mut begun = is_done(&shared, services.begin_alerts(clock::now()).await);
    while stop
        .run_until_cancelled(wakeups.mail.notified())
        .await
        .is_some()
    {
        let Some(outbox) = stop.run_until_cancelled(shared.outbox.lock()).await else {
            break;
        };
        let now = clock::now();
        begun = begun || is_done(&shared, services.begin_alerts(now).await);
        let rotation_workers = &services.rotation_workers;
        let posted = match check_clock(&services.inventory, rotation_workers, &shared, now).await {
            ClockState::Right => services.run_alerts(now).await,
            ClockState::Doubtful => services.run_alerts_without_ends(now).await,
            ClockState::Wrong => Ok(()),
        };
        if let Err(error) = posted {
            record_inventory_error(&shared, &error);
        }
        drop(outbox);
        shared.journal.send_replace(());
    }
    "alerts"
}

/// Completes logins. The sweeps confirm the new tokens, so they are woken afterwards.
pub(super) async fn run_logins(
    services: Arc<Services>,
    wakeup: Arc<Notify>,
    shared: SharedState,
    stop: CancellationToken,
) -> &'static str {
    while stop.run_until_cancelled(wakeup.notified()).await.is_some() {
        match services.login_worker.pass(clock::now()).await {
            Ok(report) if report.ended > 0 => {
                shared.journal.send_replace(());
                shared.wake_rotation.notify_one();
            }
            Ok(_) => {}
            Err(error) => record_inventory_error(&shared, &error),
        }
    }
    "login"
}

/// Runs queued data-deletion requests.
pub(super) async fn run_deletions(
    services: Arc<Services>,
    wakeup: Arc<Notify>,
    shared: SharedState,
    stop: CancellationToken,
) -> &'static str {
    while stop.run_until_cancelled(wakeup.notified()).await.is_some() {
        match webhooks::run_deletions(&services.inventory, clock::now()).await {
            Ok(0) => {}
            Ok(_) => shared.journal.send_replace(()),
            Err(error) => record_inventory_error(&shared, &error),
        }
    }
    "data deletion"
}

/// Logs once that emails reach nobody any more, and once that they do again.
async fn log_unreachable(inventory: &Inventory, daemon_status: &mut DaemonStatus, now: Timestamp) {
    let Ok(mail) = inventory.read(|view| view.mail_queue()).await else {
        return;
    };
    let seen = DaemonStatus {
        inventory_error: inventory.write_error().map(|why| why.to_string()),
        ..daemon_status.clone()
    };
    let is_cut_off = match no_way_to_people(&seen, &mail, now) {
        Some(text) => {
            if !daemon_status.is_cut_off {
                tracing::error!("{text}");
            }
            true
        }
        None => {
            if daemon_status.is_cut_off {
                tracing::info!("emails get through again");
            }
            false
        }
    };
    daemon_status.is_cut_off = is_cut_off;
}

/// Publishes the status after every sweep.
pub(super) async fn publish_status(
    services: Arc<Services>,
    wakeups: Wakeups,
    swept: LastSweeps,
    (sweep, timezone): (String, TimeZone),
    shared: SharedState,
    stop: CancellationToken,
) -> &'static str {
    let mut logged = String::new();
    while stop
        .run_until_cancelled(wakeups.daemon_status.notified())
        .await
        .is_some()
    {
        let now = clock::now();
        let all_swept = {
            let swept = swept.lock().unwrap_or_else(PoisonError::into_inner);
            let every = services
                .rotation_workers
                .iter()
                .map(|rotation_worker| swept.get(&rotation_worker.app).copied());
            every
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().min())
        };
        let before = shared.daemon_status.borrow().clone();
        let next = schedule::next_tick(&sweep, &timezone, now);
        match status::take(&services, &before, all_swept, next, now).await {
            Ok(mut daemon_status) => {
                log_unreachable(&services.inventory, &mut daemon_status, now).await;
                shared.daemon_status.send_replace(daemon_status)
            }
            Err(error) => {
                record_inventory_error(&shared, &error);
                continue;
            }
        };
        let text = status::describe(&services).await;
        if text != logged {
            systemd::status(&text);
            logged = text;
        }
    }
    "status"
}

pub(super) async fn run_schedule(
    lines: Vec<ScheduleLine>,
    timezone: TimeZone,
    watchdog: Arc<Watchdog>,
    stop: CancellationToken,
) -> &'static str {
    if let Err(error) = schedule::run(lines, timezone, watchdog, stop).await {
        tracing::error!("the scheduler failed: {error}");
    }
    "schedule"
}

/// Checks the clock. If that fails, the clock counts as wrong.
pub(super) async fn check_clock(
    inventory: &Inventory,
    rotation_workers: &[RotationWorker],
    shared: &SharedState,
    now: Timestamp,
) -> ClockState {
    match clock_check::check(inventory, rotation_workers, shared, now).await {
        Ok(clock_state) => clock_state,
        Err(error) => {
            record_inventory_error(shared, &error);
            ClockState::Wrong
        }
    }
}

fn is_done(shared: &SharedState, outcome: Result<(), inventory::Error>) -> bool {
    outcome
        .map_err(|error| record_inventory_error(shared, &error))
        .is_ok()
}

/// Logs an inventory error and shows it in the status; the daemon keeps answering and tries again. If the inventory
/// cannot be written, it has logged that itself.
pub(super) fn record_inventory_error(shared: &SharedState, error: &inventory::Error) {
    if matches!(error, inventory::Error::Unwritable(_)) {
        tracing::debug!(
            "the inventory cannot be written to; trying again at the next tick: {error}"
        );
        return;
    }
    tracing::error!("the inventory cannot be used; trying again at the next tick: {error}");
    shared
        .daemon_status
        .send_modify(|daemon_status| daemon_status.inventory_error = Some(error.to_string()));
}
