//! State that survives a reload.

use std::sync::Arc;

use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::clock;
use super::clock_check::ClockCheck;
use super::turns::Turns;
use super::wakeups::Wakeups;
use super::watchdog::Watchdog;
use crate::api::metrics::Metrics;
use crate::api::{AccessLog, DaemonStatus};
use crate::config::Config;
use crate::http::NowFn;
use crate::inventory::{self, Duties, Inventory, Unwritable};
use crate::model::{Duty, NodeSettings};

#[derive(Clone)]
pub(super) struct SharedState {
    pub(super) daemon_status: watch::Sender<DaemonStatus>,
    /// Sent whenever the journal has grown.
    pub(super) journal: watch::Sender<()>,
    pub(super) wakeups: Wakeups,
    pub(super) watchdog: Arc<Watchdog>,
    pub(super) clock: Arc<ClockCheck>,
    /// Held while sending emails, because old and new workers overlap during a reload.
    pub(super) outbox: Arc<Mutex<()>>,
    /// The same for each sink and for each channel of posts.
    pub(super) sinks: Turns,
    pub(super) channels: Turns,
    /// The same for each file that the daemon keeps up to date: the metrics and the nightly copies.
    pub(super) files: Turns,
    /// Reads of secrets that are not recorded yet.
    pub(super) accesses: Arc<AccessLog>,
    pub(super) metrics: Metrics,
    /// What this node does, of several on one inventory; and what it wants to do by its configuration.
    pub(super) duties: Duties,
    pub(super) wanted_duties: watch::Sender<Vec<Duty>>,
    /// What the other nodes compare with their own.
    pub(super) node_settings: watch::Sender<NodeSettings>,
    /// When the outside watcher was last called.
    pub(super) heartbeat_at: watch::Sender<Option<Instant>>,
}

impl SharedState {
    pub(super) fn new(daemon_status: DaemonStatus, inventory: &Inventory, duties: Duties) -> Self {
        let daemon_status = watch::Sender::new(daemon_status);
        let clock: NowFn = Arc::new(clock::now);
        Self {
            metrics: Metrics::new(inventory, &clock, daemon_status.subscribe()),
            duties,
            wanted_duties: watch::Sender::default(),
            node_settings: watch::Sender::default(),
            heartbeat_at: watch::Sender::default(),
            daemon_status,
            journal: watch::Sender::default(),
            wakeups: Wakeups::new(),
            watchdog: Arc::new(Watchdog::new()),
            clock: Arc::default(),
            outbox: Arc::default(),
            sinks: Turns::default(),
            channels: Turns::default(),
            files: Turns::default(),
            accesses: Arc::default(),
        }
    }

    /// What follows from a configuration that is live now, for this node among others.
    pub(super) fn show_config(&self, config: &Config) {
        self.wanted_duties.send_replace(wanted(config));
        self.node_settings.send_replace(config.node_settings());
    }

    pub(super) fn wanted_duties(&self) -> Vec<Duty> {
        self.wanted_duties.borrow().clone()
    }

    pub(super) fn journal_has_grown(&self) {
        self.journal.send_replace(());
    }

    /// Logs an inventory error and shows it in the status; the daemon keeps answering and tries again. If the
    /// inventory cannot be written, it has logged that itself.
    pub(super) fn record_inventory_error(&self, error: &inventory::Error) {
        if matches!(error, inventory::Error::Unwritable(_)) {
            tracing::debug!(
                "the inventory cannot be written to; trying again at the next tick: {error}"
            );
            return;
        }
        if let inventory::Error::DutyLost(duty) = error {
            tracing::info!("another node does {duty} now, so its work here ends");
            return;
        }
        let text = match error.write_error_kind() {
            Some(_) => Unwritable::of(error).to_string(),
            None => error.to_string(),
        };
        // The worker of duties tries every second while a server is away.
        if self.daemon_status.borrow().inventory_error.is_none() {
            tracing::error!("the inventory cannot be used; trying again until it can: {text}");
        } else {
            tracing::debug!("the inventory still cannot be used: {text}");
        }
        self.daemon_status
            .send_modify(|daemon_status| daemon_status.inventory_error = Some(text));
    }

    /// Shows or clears the error of a side job in the status, and logs when it begins and when it is over.
    pub(super) fn publish_side_job_error(&self, job: &'static str, error: Option<String>) {
        self.daemon_status.send_if_modified(|daemon_status| {
            let errors = &mut daemon_status.side_job_errors;
            let (was, is) = (errors.get(job), error.as_ref());
            match (was, is) {
                (None, Some(error)) => tracing::error!("{error}"),
                (Some(_), None) => tracing::info!("the {job} works again"),
                (Some(_), Some(_)) | (None, None) => {}
            }
            let has_changed = was != is;
            match error {
                Some(error) => drop(errors.insert(job, error)),
                None => drop(errors.remove(job)),
            }
            has_changed
        });
    }

    /// A new configuration has its own side jobs, which report what is wrong with them.
    pub(super) fn forget_side_job_errors(&self) {
        self.daemon_status
            .send_modify(|daemon_status| daemon_status.side_job_errors.clear());
    }

    /// Shows what is wrong with the clock in the status, and logs it once.
    pub(super) fn publish_clock_error(&self, clock_error: Option<String>) {
        let is_new = self.daemon_status.send_if_modified(|daemon_status| {
            let is_new = daemon_status.clock_error.is_none() && clock_error.is_some();
            daemon_status.clock_error.clone_from(&clock_error);
            is_new
        });
        if let Some(clock_error) = clock_error.filter(|_| is_new) {
            tracing::error!("{clock_error}");
        }
    }
}

/// What a node with this configuration can do.
fn wanted(config: &Config) -> Vec<Duty> {
    let apps = config.apps.iter().map(|app| Duty::App(app.name.clone()));
    let others = [Duty::Email, Duty::Delivery, Duty::Nightly];
    apps.chain(others).collect()
}
