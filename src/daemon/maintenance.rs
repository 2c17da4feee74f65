//! Keeps the inventory within bounds: writes access records that were only kept in memory, and prunes old rows in small
//! steps between which other work gets its turn.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::clock;
use super::clock_check::ClockState;
use super::services::Services;
use super::worker_loops::{check_clock, record_inventory_error};
use super::workers::SharedState;
use crate::inventory::Error;

/// The interval between two prunings.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The maximum number of steps per pruning; the next one continues.
const STEPS: usize = 2_000;

pub(super) async fn run_maintenance(
    services: Arc<Services>,
    wakeup: Arc<Notify>,
    shared: SharedState,
    stop: CancellationToken,
) -> &'static str {
    let mut pruned_at: Option<Timestamp> = None;
    while stop.run_until_cancelled(wakeup.notified()).await.is_some() {
        let now = clock::now();
        let clock_state = check_clock(
            &services.inventory,
            &services.rotation_workers,
            &shared,
            now,
        )
        .await;
        if clock_state == ClockState::Wrong {
            continue;
        }
        match shared.accesses.write_due(&services.inventory, now).await {
            Ok(0) => {}
            Ok(_) => {
                shared.journal.send_replace(());
            }
            Err(error) => record_inventory_error(&shared, &error),
        }
        let is_due = pruned_at.is_none_or(|at| at + PRUNE_EVERY <= now);
        // With a wrong clock every row could look old.
        if !is_due || clock_state == ClockState::Doubtful {
            continue;
        }
        pruned_at = Some(now);
        if let Err(error) = prune(&services, &stop, now).await {
            record_inventory_error(&shared, &error);
        }
    }
    "maintenance"
}

async fn prune(services: &Services, stop: &CancellationToken, now: Timestamp) -> Result<(), Error> {
    let retention = services.retention;
    for _ in 0..STEPS {
        let step = services
            .inventory
            .write(move |tx| tx.prune(&retention, now));
        if step.await? == 0 || stop.is_cancelled() {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
