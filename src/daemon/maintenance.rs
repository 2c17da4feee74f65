//! Keeps the inventory within bounds: writes access records that were only kept in memory, and prunes old rows in small
//! steps between which other work gets its turn.

use jiff::{SignedDuration, Timestamp};

use super::clock_check::ClockState;
use super::worker::{Context, Job};
use crate::inventory::Error;
use crate::model::Duty;

/// The interval between two prunings.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The maximum number of steps per pruning; the next one continues.
const STEPS: usize = 2_000;

#[derive(Default)]
pub(super) struct Maintenance {
    pruned_at: Option<Timestamp>,
}

impl Job for Maintenance {
    fn duty(&self) -> Option<Duty> {
        None
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        let (services, shared) = (&context.services, &context.shared);
        let clock_state = context.check_clock(&services.rotation_workers, now).await;
        if clock_state == ClockState::Wrong {
            return Ok(());
        }
        // The node may have lost the app that a secret belongs to, so no sweep of it stores this one.
        context.is_done(services.inventory.save_all_that_waits(now).await);
        match shared.accesses.write_due(&services.inventory, now).await {
            Ok(0) => {}
            Ok(_) => shared.journal_has_grown(),
            Err(error) => shared.record_inventory_error(&error),
        }
        let is_due = self.pruned_at.is_none_or(|at| at + PRUNE_EVERY <= now);
        // With a wrong clock every row could look old.
        if !is_due || clock_state == ClockState::Doubtful {
            return Ok(());
        }
        let Some(context) = context.on_duty(Some(Duty::Nightly)) else {
            return Ok(());
        };
        self.pruned_at = Some(now);
        prune(&context, now).await
    }
}

async fn prune(context: &Context, now: Timestamp) -> Result<(), Error> {
    let retention = context.services.retention;
    for _ in 0..STEPS {
        let step = context
            .inventory
            .write_alone(move |tx| tx.prune(&retention, now));
        if step.await? == 0 || !context.goes_on() {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
