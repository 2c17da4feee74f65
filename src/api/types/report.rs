//! `GET /v1/status`: a summary of the daemon and its tokens.

use crate::model::{Deadline, DeliveryCounts, Duty, Fleet, IncidentCounts, MailQueue, NodeReport};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::EmailAddress;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusReport {
    /// The version of the daemon.
    pub version: String,
    /// Recognizes the inventory. The public part answers with it at `/login/instance`, so that you can see whether an
    /// address leads here.
    #[serde(default)]
    pub instance: String,
    /// The daemon's current time.
    pub now: Timestamp,
    /// When the daemon started.
    pub started_at: Timestamp,
    /// Whether the daemon does all of its work, as on `/readyz`.
    pub ready: bool,
    /// How many tokens are in each state.
    pub tokens: TokenCounts,
    /// The visits to tokens that are due.
    pub sweep: Sweep,
    /// The apps in the configuration.
    pub apps: Vec<AppReport>,
    /// Incidents that are not over.
    pub incidents: IncidentCounts,
    /// Emails that wait to be sent.
    pub mail: MailReport,
    /// Deliveries of tokens to sinks.
    pub deliveries: Deliveries,
    /// Backups and other nightly work.
    #[serde(default)]
    pub maintenance: Maintenance,
    /// The next expiry of a token that works; null when there is none.
    pub next_deadline: Option<Deadline>,
    /// The daemons on this inventory.
    #[serde(default)]
    pub nodes: Vec<NodeView>,
    /// What is wrong with the daemon itself, as sentences.
    pub problems: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenCounts {
    /// All of them.
    pub total: u64,
    /// Meta has not been asked about them yet.
    pub unverified: u64,
    /// They work.
    pub healthy: u64,
    /// They work, and end soon.
    pub expiring: u64,
    /// Their checks do not get through, or a required permission is gone.
    pub failing: u64,
    /// Meta refuses them for good.
    pub dead: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sweep {
    /// When the last sweep finished that visited every due token.
    pub last_finished_at: Option<Timestamp>,
    /// Tokens whose check is due.
    pub due: u64,
    /// Tokens that have been due for too long.
    pub overdue: u64,
    /// When the next sweep is due.
    pub next_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppReport {
    /// The name of the app.
    pub name: String,
    /// The app ID.
    pub id: String,
    /// The version of the Graph API that the app uses.
    pub graph_version: String,
    /// By Meta's dates for the Marketing API if `uses_ads`, otherwise for the Graph API. Null when not announced.
    pub graph_version_ends_on: Option<Date>,
    /// Tokens of the app have permissions for ads, or its logins ask for them.
    #[serde(default)]
    pub uses_ads: bool,
    /// What is wrong with the version: it ends soon, or Meta warns about it or refuses it. Part of the daemon's `problems`.
    #[serde(default)]
    pub version_problems: Vec<String>,
    /// Calls to Meta within the last hour.
    pub calls_last_hour: u64,
    /// The calls that the configuration allows within an hour.
    #[serde(default)]
    pub calls_per_hour: u32,
    /// Percentage of Meta's call limit in use, according to Meta's usage headers.
    pub usage_percent: u32,
    /// Until when calls are paused because of Meta's limit.
    pub throttled_until: Option<Timestamp>,
    /// When the last sweep of this app ended that its errors and its call budget did not hold up.
    #[serde(default)]
    pub last_swept_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailReport {
    /// Emails that wait to be sent.
    pub queued: u64,
    /// When the oldest of them was written.
    pub oldest_queued_at: Option<Timestamp>,
    /// Why an email could not be sent lately.
    pub last_error: Option<String>,
    /// Emails about open matters that do not reach all their recipients.
    pub undelivered: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// Deliveries that wait for a sink.
    pub pending: u64,
    /// Deliveries that failed and are not tried again.
    pub failed: u64,
}

/// The daemon's own maintenance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Maintenance {
    /// When the newest automatic backup was made.
    pub backed_up_at: Option<Timestamp>,
    /// Why the last automatic backup failed; null when it did not.
    pub backup_error: Option<String>,
    /// How often the daemon crashed within the last hour.
    pub crashes_last_hour: u32,
}

/// A daemon on the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeView {
    /// The name of the node.
    pub name: String,
    /// The version that it runs.
    pub version: String,
    /// By the clock of the inventory.
    pub seen_at: Timestamp,
    /// What this daemon does and no other: `app:NAME`, `email`, `delivery`, `nightly`.
    pub duties: Vec<String>,
}

/// `POST /v1/reload`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// Since when the configuration is in effect.
    pub live_since: Timestamp,
    /// Settings that changed and are not live before the daemon is restarted, such as `inventory.path`.
    #[serde(default)]
    pub needs_restart: Vec<String>,
}

/// `POST /v1/mail-test`
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailTestRequest {
    /// The recipient; the operators' addresses by default.
    #[schema(value_type = Option<EmailAddress>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailTestResult {
    /// The Message-ID of the test email.
    pub message_id: String,
}

impl From<Fleet> for TokenCounts {
    fn from(fleet: Fleet) -> Self {
        Self {
            total: fleet.total(),
            unverified: fleet.unverified,
            healthy: fleet.healthy,
            expiring: fleet.expiring,
            failing: fleet.failing,
            dead: fleet.dead,
        }
    }
}

impl From<DeliveryCounts> for Deliveries {
    fn from(counts: DeliveryCounts) -> Self {
        Self {
            pending: counts.pending,
            failed: counts.failed,
        }
    }
}

impl From<NodeReport> for NodeView {
    fn from(node: NodeReport) -> Self {
        Self {
            name: node.name,
            version: node.version,
            seen_at: node.seen_at,
            duties: node.duties.iter().map(Duty::to_string).collect(),
        }
    }
}

impl From<&MailQueue> for MailReport {
    fn from(queue: &MailQueue) -> Self {
        Self {
            queued: queue.queued,
            oldest_queued_at: queue.oldest_queued_at,
            last_error: queue.last_error.clone(),
            undelivered: queue.undelivered,
        }
    }
}
