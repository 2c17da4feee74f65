//! Backlog: events that must not wait for the disk. They stay in memory, and in the log, until the journal can be
//! written.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::{Error, Inventory, Tx};
use crate::model::{Event, NewEvent};

/// Events that are not in the journal yet.
#[derive(Default)]
pub(super) struct Backlog {
    waiting: Mutex<Waiting>,
    /// Held while events are written, so that none is written twice.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<(NewEvent, Timestamp)>,
    /// How many events were added since the start, and how many have left the queue.
    added: u64,
    left: u64,
    /// How many events were dropped because the queue was full. Only the log has them.
    dropped: u64,
}

/// The events of one transaction.
struct Slice {
    events: Vec<(NewEvent, Timestamp)>,
    up_to: u64,
    dropped: u64,
}

/// How many events are kept, each a few hundred bytes.
const KEPT: usize = 4_096;

/// How many events share a transaction. On an almost full disk many small transactions get further than a large one.
const SLICE: usize = 256;

/// How long a caller waits for its event to be durable. After that, the event is only in memory and in the log.
const WAIT: Duration = Duration::from_secs(1);

impl Waiting {
    fn add(&mut self, event: NewEvent, at: Timestamp) -> u64 {
        if self.events.len() == KEPT {
            self.events.pop_front();
            self.left += 1;
            self.dropped += 1;
        }
        self.events.push_back((event, at));
        self.added += 1;
        self.added
    }

    fn slice(&self) -> Slice {
        let events: Vec<_> = self.events.iter().take(SLICE).cloned().collect();
        Slice {
            up_to: self.left + events.len() as u64,
            events,
            dropped: self.dropped,
        }
    }

    /// Removes events that were written. Returns whether the queue is empty.
    fn remove(&mut self, up_to: u64, dropped: u64) -> bool {
        while self.left < up_to && self.events.pop_front().is_some() {
            self.left += 1;
        }
        self.dropped -= dropped.min(self.dropped);
        self.events.is_empty()
    }
}

impl Backlog {
    fn with<T>(&self, act: impl FnOnce(&mut Waiting) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.with(|waiting| !waiting.events.is_empty())
    }

    fn holds(&self, number: u64) -> bool {
        self.with(|waiting| waiting.left < number)
    }
}

impl Inventory {
    /// Records an event. If it cannot be made durable soon, it is kept in memory, logged, and written later.
    pub async fn record_or_keep(&self, event: NewEvent, at: Timestamp) {
        let (kind, detail) = event.event.parts(event.order);
        let line = format!(
            "{kind} of {}: {}",
            event.name.as_deref().unwrap_or("an unknown token"),
            serde_json::Value::Object(detail)
        );
        let number = self.0.backlog.with(|waiting| waiting.add(event, at));
        if self.write_error().is_none() {
            let inventory = self.clone();
            // A task of its own, because the caller may be cancelled before the event is written.
            let written = tokio::spawn(async move { inventory.write_backlog(number).await });
            let _ = timeout(WAIT, written).await;
        }
        if self.0.backlog.holds(number) {
            tracing::warn!(
                "the journal cannot be written now; this event will be written later: {line}"
            );
        }
    }

    /// Writes the queued events, at least up to `number`. Does nothing when another call has written that one already.
    async fn write_backlog(&self, number: u64) -> Result<(), Error> {
        let _turn = self.0.backlog.writing.lock().await;
        if self.0.backlog.holds(number) {
            self.write_what_waits().await
        } else {
            Ok(())
        }
    }

    /// Writes all queued events, and touches the database even when there are none.
    async fn write_what_waits(&self) -> Result<(), Error> {
        loop {
            let slice = self.0.backlog.with(|waiting| waiting.slice());
            let (up_to, dropped) = (slice.up_to, slice.dropped);
            self.write(move |tx| tx.record_slice(&slice)).await?;
            let is_empty = self
                .0
                .backlog
                .with(|waiting| waiting.remove(up_to, dropped));
            if is_empty {
                return Ok(());
            }
        }
    }

    /// Checks whether the inventory can be written: opens it for writing if needed, writes the queued events, and
    /// touches the database in any case.
    pub async fn probe(&self) -> Result<(), Error> {
        if self.0.is_still_full() {
            return Err(self.write_error().map_or(Error::Closed, Error::Unwritable));
        }
        let opened = self.reopen().await;
        if opened.is_err() {
            self.0.update_write_error(&opened);
            return opened;
        }
        let _turn = self.0.backlog.writing.lock().await;
        self.write_what_waits().await
    }
}

impl Tx<'_> {
    fn record_slice(&self, slice: &Slice) -> Result<(), Error> {
        for (event, at) in &slice.events {
            self.record_unless_gone(event.clone(), *at)?;
        }
        if let Some((_, at)) = slice.events.last().filter(|_| slice.dropped > 0) {
            let events = slice.dropped;
            self.record_event(&Event::JournalGap { events }.into(), *at)?;
        }
        self.db.touch()
    }
}
