//! What the daemon and the socket hand each other. The inventory carries everything else.

use std::fmt;
use std::sync::Arc;

use jiff::{Timestamp, Unit};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::types::{AppReport, Deliveries, Maintenance, Sweep};
use super::{AccessLog, Settings};
use crate::inventory::Inventory;

/// What the daemon tells the socket that does not stand in the inventory.
#[derive(Clone, Debug, Default)]
pub struct DaemonStatus {
    pub started_at: Timestamp,
    /// `next_at` stays as it is while a sweep is late, so that its lateness can be seen.
    pub sweep: Sweep,
    /// Every app of the configuration, also before the first sweep: tokens are taken in for these only.
    pub apps: Vec<AppReport>,
    pub deliveries: Deliveries,
    pub maintenance: Maintenance,
    /// Why nothing can be written to the inventory just now.
    pub inventory_error: Option<String>,
    /// Since when it has been like that.
    pub unwritable_since: Option<Timestamp>,
    /// The log says already that no person can be reached.
    pub is_cut_off: bool,
    /// Why nothing is judged by the machine's clock just now.
    pub clock_error: Option<String>,
    /// What else is wrong with the daemon itself, in sentences.
    pub problems: Vec<String>,
}

/// Keys of the configuration that changed and are not live before a restart.
pub type NeedsRestart = Vec<String>;

/// An operator wants the configuration read again.
#[derive(Debug)]
pub struct Reload {
    pub asked_by: String,
    /// Live, and what is not before a restart; or every reason why it cannot be.
    pub answer: oneshot::Sender<Result<NeedsRestart, Vec<String>>>,
}

/// An operator wants one real email.
#[derive(Debug)]
pub struct MailTest {
    /// The operators' addresses when there is none.
    pub to: Option<String>,
    pub asked_by: String,
    /// The email's message id once it is in the outbox, or why there is none.
    pub answer: oneshot::Sender<Result<String, String>>,
}

pub type NowFn = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the socket works with.
#[derive(Clone)]
pub struct Backend {
    pub inventory: Inventory,
    pub settings: watch::Receiver<Settings>,
    pub daemon_status: watch::Receiver<DaemonStatus>,
    /// Wakes the sweep: something was asked for. What, stands in the inventory.
    pub wake_rotation: Arc<Notify>,
    /// Touched whenever the journal has grown, so that followers look again.
    pub journal: watch::Sender<()>,
    /// Counts who asks for secrets; the daemon writes it down.
    pub accesses: Arc<AccessLog>,
    pub reloads: mpsc::Sender<Reload>,
    pub mail_tests: mpsc::Sender<MailTest>,
    pub clock: NowFn,
}

impl Backend {
    /// In whole seconds, as the inventory keeps time.
    pub(super) fn now(&self) -> Timestamp {
        whole_seconds((self.clock)())
    }

    /// What the daemon tells, with what is known since.
    pub(super) fn pulse_now(&self) -> DaemonStatus {
        let daemon_status = self.daemon_status.borrow().clone();
        let error = self.inventory.write_error().map(|why| why.to_string());
        DaemonStatus {
            inventory_error: error.or(daemon_status.inventory_error),
            ..daemon_status
        }
    }

    pub(super) fn has_app(&self, name: &str) -> bool {
        self.daemon_status
            .borrow()
            .apps
            .iter()
            .any(|app| app.name == name)
    }
}

pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    at.round(
        jiff::TimestampRound::new()
            .smallest(Unit::Second)
            .mode(jiff::RoundMode::Trunc),
    )
    .unwrap_or(at)
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}
