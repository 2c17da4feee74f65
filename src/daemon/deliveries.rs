//! The delivery workers: one for each sink, and one that removes files.

use jiff::{SignedDuration, Timestamp};

use super::clock;
use super::worker::{Context, Job};
use crate::delivery::{self, SinkWorker};
use crate::inventory::Error;
use crate::model::Duty;

/// What every sink should have is compared with what it has at the start, and then this often.
const RECONCILE_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// The same while tokens of a restored copy wait for their first check.
const WHILE_UNCONFIRMED: SignedDuration = SignedDuration::from_mins(10);

/// Delivers to one sink.
pub(super) struct Deliveries {
    worker: SinkWorker,
    reconcile_at: Option<Timestamp>,
}

/// All sinks of files take turns with the worker that removes files.
const FILES: &str = "";

impl Deliveries {
    pub(super) const fn new(worker: SinkWorker) -> Self {
        Self {
            worker,
            reconcile_at: None,
        }
    }

    async fn reconcile(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        if self.reconcile_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        self.worker.reconcile(now).await?;
        let inventory = &context.inventory;
        let is_unconfirmed = inventory.read(|view| view.awaits_confirmation()).await?;
        let wait = if is_unconfirmed {
            WHILE_UNCONFIRMED
        } else {
            RECONCILE_EVERY
        };
        self.reconcile_at = now.checked_add(wait).ok();
        Ok(())
    }
}

impl Job for Deliveries {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::Delivery)
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        let writes_files = self.worker.sink.path_of("").is_some();
        let name = if writes_files {
            FILES
        } else {
            &self.worker.sink.name
        };
        let turn = context.shared.sinks.of(name, &context.stop).await;
        // What cannot be recorded would be sent again and again.
        if turn.is_none() || context.inventory.write_error().is_some() {
            return Ok(());
        }
        self.worker.inventory = context.inventory.clone();
        self.reconcile(context, now).await?;
        while context.goes_on() {
            // A receiver or a command may take a minute, and the daemon must end within half of one. What it was sent is
            // sent again.
            let dealt_with = tokio::select! {
                () = context.stop.cancelled() => return Ok(()),
                dealt_with = self.worker.pass(clock::now()) => dealt_with?,
            };
            if dealt_with == 0 {
                return Ok(());
            }
            context.shared.journal_has_grown();
        }
        Ok(())
    }
}

/// Removes files that should be gone.
#[derive(Default)]
pub(super) struct FileCleanup {
    look_at_all_at: Option<Timestamp>,
    logged: Option<String>,
}

impl Job for FileCleanup {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::Delivery)
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        let Some(_turn) = context.shared.sinks.of(FILES, &context.stop).await else {
            return Ok(());
        };
        let inventory = &context.inventory;
        if inventory.write_error().is_some() {
            return Ok(());
        }
        if self.look_at_all_at.is_none_or(|at| at <= now) {
            let look = inventory.write_alone(|tx| {
                tx.supersede_deliveries_of_other_sinks()?;
                tx.all_files_are_stale()
            });
            look.await?;
            self.look_at_all_at = now.checked_add(RECONCILE_EVERY).ok();
        }
        let failure = delivery::clean_up(inventory, &context.services.sinks).await?;
        if let Some(failure) = failure.as_ref().filter(|_| failure != self.logged) {
            tracing::error!("a delivered file must go, and does not; trying again: {failure}");
        }
        self.logged = failure;
        Ok(())
    }
}
