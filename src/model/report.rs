//! What the inventory holds in all: counts, deadlines, and what a digest reports.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeliveryCounts, Kind, Scopes, State, Token};

/// A person who must log in soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComingLogin {
    pub app: String,
    pub person: String,
    pub name: Option<String>,
    pub ends_at: Timestamp,
    /// Tokens that expire.
    pub tokens: u64,
    /// The person's page tokens, whether or not they expire themselves.
    pub pages: u64,
}

/// A person who is the only one with access to some pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SingleAdminPages {
    /// The name of the app.
    pub app: String,
    /// The person's id at Meta.
    pub person: String,
    /// The person's name.
    pub name: Option<String>,
    /// How many pages only this person can reach.
    pub pages: u64,
}

/// What was done since the last digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivityCounts {
    /// Tokens that were not there before.
    pub added: u64,
    /// Tokens that were there before and are no longer.
    pub removed: u64,
    /// Tokens that Meta refuses now, and did not then.
    pub broken: u64,
    /// Tokens that Meta refused then, and does not now.
    pub mended: u64,
    /// Renewals with a measured later expiry.
    pub renewed: u64,
    pub derived: u64,
    pub opened: u64,
    pub resolved: u64,
    pub emails: u64,
}

/// What to report.
#[derive(Clone, Debug, Default)]
pub struct Ungranted {
    pub count: u64,
    /// The first of these tokens, by name.
    pub tokens: Vec<Token>,
    /// All scopes that they lack.
    pub scopes: Scopes,
}

/// How many tokens are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    pub unverified: u64,
    pub healthy: u64,
    pub expiring: u64,
    pub failing: u64,
    pub dead: u64,
}

impl Fleet {
    pub const fn total(&self) -> u64 {
        self.unverified + self.healthy + self.expiring + self.failing + self.dead
    }

    pub fn of(totals: &[TokenTotal]) -> Self {
        let mut fleet = Self::default();
        for total in totals {
            *match total.state {
                State::Unverified => &mut fleet.unverified,
                State::Healthy => &mut fleet.healthy,
                State::Expiring => &mut fleet.expiring,
                State::Failing => &mut fleet.failing,
                State::Dead => &mut fleet.dead,
            } += total.tokens;
        }
        fleet
    }
}

/// How many tokens of an app are of one kind and in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTotal {
    pub app: String,
    /// `None` as long as no check could find it out.
    pub kind: Option<Kind>,
    pub state: State,
    pub tokens: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeadlineView)]
pub struct Deadline {
    /// The name of the token.
    pub token: String,
    /// When the token expires.
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentCounts {
    /// Incidents that are not over.
    pub open: u64,
    /// Those of them that no one has acknowledged.
    pub unacknowledged: u64,
}

/// What the status shows of the inventory. None of it depends on the time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub fleet: Fleet,
    /// What `fleet` is the sum of, by app.
    pub tokens: Vec<TokenTotal>,
    pub incidents: IncidentCounts,
    pub mail: MailQueue,
    pub next_deadline: Option<Deadline>,
    pub deliveries: DeliveryCounts,
    /// Why the inventory could not be read after the last commit, if so. The other figures are then older.
    pub outdated: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailQueue {
    pub queued: u64,
    pub oldest_queued_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Emails that still matter and that some recipients do not get.
    pub undelivered: u64,
    /// Those of them that no recipient got.
    pub unread: u64,
    pub rejection: Option<String>,
    /// When the oldest email that no recipient has was written, if no email was sent since.
    pub unreached_since: Option<Timestamp>,
}

/// Tokens of one app whose checks have failed for long, while the app itself has no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    pub app: String,
    pub tokens: u64,
    pub example: String,
}
