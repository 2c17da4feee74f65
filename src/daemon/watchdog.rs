//! Liveness checks. The systemd watchdog is pinged only while the scheduler, the inventory writer and the socket all
//! respond; a plain timer would prove nothing.

use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::http::Probe;
use crate::inventory::Inventory;

/// When the scheduler last ticked.
#[derive(Debug)]
pub(super) struct Watchdog(watch::Sender<Instant>);

/// The heartbeat comes every ten seconds; under load some may be missed.
const SCHEDULER_SILENCE: Duration = Duration::from_secs(45);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

impl Watchdog {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Instant::now()))
    }

    pub(super) fn scheduler_ticked(&self) {
        self.0.send_replace(Instant::now());
    }

    pub(super) fn scheduler_runs(&self) -> bool {
        self.0.borrow().elapsed() < SCHEDULER_SILENCE
    }

    /// The component that does not respond, as a sentence. On a full disk the writer fails but does not hang, since a
    /// restart would free no space; and a restart would not make a database server answer.
    pub(super) async fn stalled_component(
        &self,
        inventory: &Inventory,
        socket: (&Probe, &Path),
    ) -> Option<&'static str> {
        if !self.scheduler_runs() {
            return Some("the scheduler is not responding");
        }
        let pinged = timeout(ANSWER_WITHIN, inventory.ping()).await;
        if pinged.is_err() && !inventory.is_writer_calling() {
            return Some("the inventory writer is not responding");
        }
        let (probe, path) = socket;
        if !path.exists() {
            return Some("the file of the status socket is gone");
        }
        match timeout(ANSWER_WITHIN, probe.is_answered()).await {
            Ok(true) => None,
            Ok(false) | Err(_) => Some("the status socket is not responding"),
        }
    }
}
