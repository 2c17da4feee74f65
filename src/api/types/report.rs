//! `GET /v1/status`: the whole in a few figures.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::inventory::{Deadline, Fleet, MailQueue};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusReport {
    pub version: String,
    /// The daemon's clock.
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
    /// The next end that a living token comes to; null when none does.
    pub next_deadline: Option<DeadlineView>,
    /// What is wrong with the daemon itself, in sentences.
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
    /// When every due token had last been visited.
    pub last_finished_at: Option<Timestamp>,
    pub due: u64,
    /// Due for longer than they should be.
    pub overdue: u64,
    pub next_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppReport {
    pub name: String,
    pub id: String,
    pub graph_version: String,
    pub graph_version_ends_on: Option<Date>,
    pub calls_last_hour: u64,
    /// Of Meta's limit, as its usage headers say.
    pub usage_percent: u32,
    pub throttled_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentCounts {
    pub open: u64,
    pub unacknowledged: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailReport {
    pub queued: u64,
    pub oldest_queued_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Emails about what is not over yet that somebody does not get.
    pub undelivered: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    pub pending: u64,
    pub failed: u64,
}

/// How the daemon looks after itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Maintenance {
    /// The newest of the copies that are made by themselves.
    pub backed_up_at: Option<Timestamp>,
    /// Why the last attempt at one failed; null when it did not.
    pub backup_error: Option<String>,
    /// How often it came to no orderly end of late.
    pub crashes_last_hour: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadlineView {
    pub token: String,
    pub at: Timestamp,
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
    /// The operators' addresses when there is none.
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

impl From<MailQueue> for MailReport {
    fn from(queue: MailQueue) -> Self {
        Self {
            queued: queue.queued,
            oldest_queued_at: queue.oldest_queued_at,
            last_error: queue.last_error,
            undelivered: queue.undelivered,
        }
    }
}

impl From<Deadline> for DeadlineView {
    fn from(deadline: Deadline) -> Self {
        Self {
            token: deadline.token,
            at: deadline.at,
        }
    }
}
