//! `GET /v1/status`: a summary of the daemon and its tokens.

use crate::model::{Deadline, DeliveryCounts, Duty, Fleet, IncidentCounts, MailQueue, NodeReport};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusReport {
    pub version: String,
    /// Recognizes the inventory. The public part answers with it at `/login/instance`, so that you can see whether an
    /// address leads here.
    #[serde(default)]
    pub instance: String,
    /// The daemon's current time.
    pub now: Timestamp,
    pub started_at: Timestamp,
    pub ready: bool,
    pub tokens: TokenCounts,
    pub sweep: Sweep,
    pub apps: Vec<AppReport>,
    pub incidents: IncidentCounts,
    pub mail: MailReport,
    pub deliveries: Deliveries,
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
    pub total: u64,
    pub unverified: u64,
    pub healthy: u64,
    pub expiring: u64,
    pub failing: u64,
    pub dead: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sweep {
    /// When the last sweep finished that visited every due token.
    pub last_finished_at: Option<Timestamp>,
    pub due: u64,
    /// Tokens that have been due for too long.
    pub overdue: u64,
    pub next_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppReport {
    pub name: String,
    pub id: String,
    pub graph_version: String,
    /// By Meta's dates for the Marketing API if `uses_ads`, otherwise for the Graph API. Null when not announced.
    pub graph_version_ends_on: Option<Date>,
    /// Tokens of the app have permissions for ads, or its logins ask for them.
    #[serde(default)]
    pub uses_ads: bool,
    /// What is wrong with the version: it ends soon, or Meta warns about it or refuses it. Part of the daemon's `problems`.
    #[serde(default)]
    pub version_problems: Vec<String>,
    pub calls_last_hour: u64,
    /// The calls that the configuration allows within an hour.
    #[serde(default)]
    pub calls_per_hour: u32,
    /// Percentage of Meta's call limit in use, according to Meta's usage headers.
    pub usage_percent: u32,
    pub throttled_until: Option<Timestamp>,
    /// When the last sweep of this app ended that its errors and its call budget did not hold up.
    #[serde(default)]
    pub last_swept_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailReport {
    pub queued: u64,
    pub oldest_queued_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Emails about open matters that do not reach all their recipients.
    pub undelivered: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    pub pending: u64,
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
    pub name: String,
    pub version: String,
    /// By the clock of the inventory.
    pub seen_at: Timestamp,
    /// What this daemon does and no other: `app:NAME`, `email`, `delivery`, `nightly`.
    pub duties: Vec<String>,
}

/// `POST /v1/reload`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailTestResult {
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
