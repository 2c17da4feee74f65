//! While nothing can be written to the inventory the daemon goes on; here it is noticed that it can be again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::clock;
use super::crew::Board;
use crate::inventory::{Error, EventKind, Inventory, LifeId, NewEvent};

/// How often it is tried while nothing can be written.
const TROUBLED: Duration = Duration::from_secs(2);
/// At every so many of these ticks it is tried anyway: nothing else may be written for a day.
const QUIET: u32 = 15;

/// This start in the inventory, which stands there as soon as it can.
#[derive(Clone)]
pub(super) struct Life {
    started_at: Timestamp,
    id: Arc<Mutex<Option<LifeId>>>,
}

impl Life {
    /// An inventory that can only be read keeps no daemon from starting.
    pub(super) async fn begin(inventory: &Inventory, now: Timestamp) -> Result<Self, Error> {
        let life = Self {
            started_at: now,
            id: Arc::default(),
        };
        match life.note(inventory).await {
            Err(error) if error.write_fault().is_none() => Err(error),
            Ok(()) | Err(_) => Ok(life),
        }
    }

    async fn note(&self, inventory: &Inventory) -> Result<(), Error> {
        if self.id().is_some() {
            return Ok(());
        }
        let now = self.started_at;
        let noted = inventory.write(move |tx| {
            tx.note(&NewEvent::new(EventKind::Started), now)?;
            tx.begin_life(now)
        });
        let id = noted.await?;
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
        Ok(())
    }

    fn id(&self) -> Option<LifeId> {
        *self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What did not begin in the inventory has no end there.
    pub(super) async fn end(&self, inventory: &Inventory, now: Timestamp) -> Result<(), Error> {
        match self.id() {
            Some(id) => inventory.write(move |tx| tx.end_life(id, now)).await,
            None => Ok(()),
        }
    }
}

/// Tries to write, and wakes everything that waits for it.
pub(super) async fn keep_trying(
    inventory: Inventory,
    life: Life,
    board: Board,
    stop: CancellationToken,
) {
    let mut again = interval(TROUBLED);
    let mut quiet = 0;
    while stop.run_until_cancelled(again.tick()).await.is_some() {
        let is_troubled = inventory.trouble().is_some() || life.id().is_none();
        keep_since(&board, is_troubled);
        quiet += 1;
        if !is_troubled && !inventory.has_backlog() && quiet < QUIET {
            continue;
        }
        quiet = 0;
        let written = match inventory.probe().await {
            Ok(()) => life.note(&inventory).await,
            failed => failed,
        };
        if is_troubled && written.is_ok() {
            board.nudge.notify_one();
            board.journal.send_replace(());
        }
    }
}

fn keep_since(board: &Board, is_troubled: bool) {
    board.pulse.send_if_modified(|pulse| {
        let is_news = pulse.unwritable_since.is_some() != is_troubled;
        if is_news {
            pulse.unwritable_since = is_troubled.then(clock::now);
        }
        is_news
    });
}
