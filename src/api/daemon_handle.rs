//! What the daemon and the socket exchange in memory. Everything else goes through the inventory.

use std::fmt;
use std::sync::Arc;

use jiff::{Timestamp, Unit};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::types::{AppReport, Deliveries, Maintenance, Sweep};
use super::{AccessLog, Settings};
use crate::inventory::Inventory;

/// The daemon's state that the inventory does not hold.
#[derive(Clone, Debug, Default)]
pub struct DaemonStatus {
    pub started_at: Timestamp,
    /// `next_at` does not move while a sweep is late, so that readers can see that it is late.
    pub sweep: Sweep,
    /// Every configured app, even before the first sweep. Tokens can be imported for these apps only.
    pub apps: Vec<AppReport>,
    pub deliveries: Deliveries,
    pub maintenance: Maintenance,
    /// Why the inventory cannot be written to at present.
    pub inventory_error: Option<String>,
    /// When that began.
    pub unwritable_since: Option<Timestamp>,
    /// The log already says that no person can be reached.
    pub is_cut_off: bool,
    /// Why the daemon does not trust the machine's clock at present.
    pub clock_error: Option<String>,
    /// What else is wrong with the daemon itself, as sentences.
    pub problems: Vec<String>,
}

/// Keys of the configuration that changed and that only a restart applies.
pub type NeedsRestart = Vec<String>;

/// An operator's request to reload the configuration.
#[derive(Debug)]
pub struct Reload {
    pub asked_by: String,
    /// `Ok` when the new configuration is live, with what needs a restart; otherwise every problem with it.
    pub answer: oneshot::Sender<Result<NeedsRestart, Vec<String>>>,
}

/// An operator's request for one real email.
#[derive(Debug)]
pub struct MailTest {
    /// The recipient; `None` means the operators' addresses.
    pub to: Option<String>,
    pub asked_by: String,
    /// The email's message id when it is queued, or why it could not be queued.
    pub answer: oneshot::Sender<Result<String, String>>,
}

pub type NowFn = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the socket needs from the daemon.
#[derive(Clone)]
pub struct Backend {
    pub inventory: Inventory,
    pub settings: watch::Receiver<Settings>,
    pub daemon_status: watch::Receiver<DaemonStatus>,
    /// Wakes the sweep: there is a new order in the inventory.
    pub wake_rotation: Arc<Notify>,
    /// Sent whenever the journal has grown, so that followers read on.
    pub journal: watch::Sender<()>,
    /// Counts requests for secrets; the daemon records them.
    pub accesses: Arc<AccessLog>,
    pub reloads: mpsc::Sender<Reload>,
    pub mail_tests: mpsc::Sender<MailTest>,
    pub clock: NowFn,
}

impl Backend {
    /// The current time in whole seconds, as the inventory stores times.
    pub(super) fn now(&self) -> Timestamp {
        whole_seconds((self.clock)())
    }

    /// The daemon's status, with a later write error of the inventory if there is one.
    pub(super) fn daemon_status_now(&self) -> DaemonStatus {
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
        f.write_str("Backend")
    }
}
