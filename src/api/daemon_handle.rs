//! What the daemon and the socket exchange in memory. Everything else goes through the inventory.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::daemon_status::DaemonStatus;
use super::metrics::Metrics;
use super::{AccessLog, Settings};

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

/// An operator's request to try a sink without a token.
#[derive(Debug)]
pub struct SinkTest {
    pub sink: String,
    /// What the sink did, or why it takes nothing.
    pub answer: oneshot::Sender<Result<String, String>>,
}

/// What the socket and the daemon share in memory.
#[derive(Clone, Debug)]
pub struct DaemonHandle {
    pub settings: watch::Receiver<Settings>,
    pub daemon_status: watch::Receiver<DaemonStatus>,
    /// Counts requests for secrets; the daemon records them.
    pub accesses: Arc<AccessLog>,
    pub reloads: mpsc::Sender<Reload>,
    pub mail_tests: mpsc::Sender<MailTest>,
    pub sink_tests: mpsc::Sender<SinkTest>,
    pub metrics: Metrics,
}

impl DaemonHandle {
    pub(super) fn has_app(&self, name: &str) -> bool {
        let daemon_status = self.daemon_status.borrow();
        daemon_status.apps.iter().any(|app| app.name == name)
    }
}

pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
