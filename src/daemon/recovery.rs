//! Keeps the daemon running while the inventory cannot be written, and detects when it can be written again.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::clock;
use super::shared_state::SharedState;
use super::wakeups::Signal;
use crate::inventory::{Duties, Error, Inventory, RunId};
use crate::model::{Event, Node};

/// The interval between attempts while writing fails.
const TROUBLED: Duration = Duration::from_secs(2);
/// Tests writing every this many ticks even if no error is known, because nothing else may write for a day.
const QUIET: u32 = 15;

/// The record of this daemon run, which is written as soon as possible.
#[derive(Clone)]
pub(super) struct RunState {
    /// `None` if no other node uses the inventory.
    node: Option<Node>,
    started_at: Timestamp,
    id: Arc<OnceLock<RunId>>,
}

impl RunState {
    /// Records the start. A read-only inventory does not keep the daemon from starting.
    pub(super) async fn begin(
        inventory: &Inventory,
        duties: &Duties,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let run_id = Self {
            node: duties.is_shared().then(|| duties.node().clone()),
            started_at: now,
            id: Arc::default(),
        };
        match run_id.record(inventory).await {
            Err(error) if error.write_error_kind().is_none() => Err(error),
            Ok(()) | Err(_) => Ok(run_id),
        }
    }

    async fn record(&self, inventory: &Inventory) -> Result<(), Error> {
        if self.id.get().is_some() {
            return Ok(());
        }
        let (now, node) = (self.started_at, self.node.clone());
        let noted = inventory.write(move |tx| {
            tx.record_event(&Event::Started {}.into(), now)?;
            match node {
                Some(node) => tx.begin_run_of(&node, now),
                None => tx.begin_run(now),
            }
        });
        let id = noted.await?;
        self.id.get_or_init(|| id);
        Ok(())
    }

    /// Records the end, unless the start could not be recorded.
    pub(super) async fn end(&self, inventory: &Inventory, now: Timestamp) -> Result<(), Error> {
        match self.id.get().copied() {
            Some(id) => inventory.write(move |tx| tx.end_run(id, now)).await,
            None => Ok(()),
        }
    }
}

/// Tries to write, and wakes the workers when writing works again.
pub(super) async fn retry_until_written(
    inventory: Inventory,
    run_id: RunState,
    shared: SharedState,
    stop: CancellationToken,
) {
    let mut again = interval(TROUBLED);
    let mut quiet = 0;
    while stop.run_until_cancelled(again.tick()).await.is_some() {
        let needs_recovery = inventory.write_error().is_some() || run_id.id.get().is_none();
        keep_since(&shared, needs_recovery);
        quiet += 1;
        if !needs_recovery && !inventory.has_backlog() && quiet < QUIET {
            continue;
        }
        quiet = 0;
        let written = match inventory.probe().await {
            Ok(()) => run_id.record(&inventory).await,
            failed => failed,
        };
        if needs_recovery && written.is_ok() {
            shared.wakeups.send(Signal::Recovered);
            shared.journal_has_grown();
        }
    }
}

fn keep_since(shared: &SharedState, needs_recovery: bool) {
    shared.daemon_status.send_if_modified(|daemon_status| {
        let has_changed = daemon_status.unwritable_since.is_some() != needs_recovery;
        if has_changed {
            daemon_status.unwritable_since = needs_recovery.then(clock::now);
        }
        has_changed
    });
}
