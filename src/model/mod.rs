//! The domain types: what a token is, what Meta last reported about it, and who must act. Nothing here uses a clock, a
//! disk or a network.

mod app;
pub mod book;
mod calendar;
mod cause;
mod check;
mod correction;
mod delivery;
mod delivery_text;
pub mod distance;
mod duty;
mod email;
mod enums;
mod event;
mod event_detail;
mod event_journal;
mod event_record;
mod event_text;
mod expiry;
mod facts;
mod forecast;
mod ids;
mod incident;
mod login;
mod login_outcome;
mod next_action;
mod node_comparison;
mod node_settings;
pub mod number;
mod order;
mod page_list;
mod pattern;
mod post;
mod recorded;
mod refusal_text;
mod renewal;
mod report;
mod scopes;
mod slug;
mod span;
mod subscription;
mod terms;
mod what_if;

use jiff::Timestamp;

pub use app::{AppError, AppRecord};
pub use calendar::{Calendar, NamedCalendar, ShownCalendar, ShownLogin};
pub use cause::{Cause, Remedy};
pub use check::{
    AnswerDigest, Asked, Candidate, CheckResult, CheckedCandidate, Claimed, Concern, Due,
    ExchangeId, Exchanged, KnownAnswer, KnownToken, NextCheck, PendingOrder, Related,
};
pub use correction::{NewName, NewOwners, NewRequirements};
pub use delivery::{
    ConsumedVersion, Consumer, Deliverable, DeliveredFile, Delivery, DeliveryCounts, DeliveryId,
    DeliveryOutcome, DeliveryState, LaggingToken, OnDead, Readers, SinkProblem, SinkReport,
    SinkTokens,
};
pub use duty::{
    Duty, Node, NodeReport, end_of_term, has_ended, latest_end, relied_on_until, renewal_at,
};
pub use email::{Attempt, Email, EmailId, EmailReason, NewEmail, SendOutcome};
pub(crate) use enums::string_enum;
pub use enums::{Action, Kind, Outcome, RejectReason, State, Subscription};
pub use event::{Event, EventDetail, EventKind};
pub use event_detail::{
    Checked, DeliveryProgress, EmailProgress, EmailReach, LoginEnd, MetaCode, Mismatch,
    PageSubscription, Refusal, Reload, Repeated, SecretAccess,
};
pub use event_journal::PersonTraces;
pub use event_record::{EventRecord, NewEvent};
pub use expiry::Expiry;
pub use facts::Facts;
pub use forecast::{
    BusiestDay, DayOfCalls, Forecast, ForecastError, ForecastLeftOut, ForecastQuestion,
    ForecastSummary, ForecastToken, ForeseenEmail, ForeseenLogin, Lapse, VersionEnding,
    WeekOfRenewals, WhatIf,
};
pub use ids::{EventId, IncidentId, LoginId};
pub use incident::{
    Incident, IncidentFilter, IncidentKey, IncidentSort, IncidentState, IncidentTokens, Owner,
    PendingToken, ReviewOutcome,
};
pub use login::{
    AttemptId, Ending, Granted, Login, LoginAttempt, LoginError, NewLogin, Progress, TokenCounts,
};
pub use login_outcome::LoginOutcome;
pub use next_action::{Next, Rotation};
pub use node_comparison::{Comparison, compare};
pub use node_settings::NodeSettings;
pub use order::{LastOrder, OrderEnd, OrderKind, OrderOutcome};
pub use page_list::{ListedPage, PageList};
pub use pattern::name_matches;
pub use post::{
    ChannelCounts, ChannelReport, FailureScope, NewPost, Post, PostContent, PostFacts, PostFailure,
    PostId, PostKind, PostProgress, PostReceipt, PostedChannel, PostedIncident, PostedSubject,
    RenewedToken, Severity,
};
pub use recorded::{DeliveryResult, EmailResult, PostResult, Recorded};
pub use renewal::Renewal;
pub use report::{
    ActivityCounts, ComingLogin, Deadline, Figures, Fleet, IncidentCounts, MailQueue,
    SingleAdminPages, TokenTotal, Unchecked, Ungranted,
};
pub use scopes::Scopes;
pub use slug::slug;
pub use span::{NotASpan, Span};
pub use subscription::{UnsubscribedPages, WebhookSubscription};
pub use what_if::NotASupposition;

/// The id of a token's row in the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub i64);

/// A token as the inventory knows it. The secret itself is kept apart, see [`crate::secret`].
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub id: TokenId,
    pub app: String,
    pub name: String,
    /// What Meta last reported; `None` until Meta has described the token once.
    pub facts: Option<Facts>,
    pub subject_name: Option<String>,
    /// The user token that a page token was derived from.
    pub parent: Option<TokenId>,
    pub health: Health,
    pub required_scopes: Scopes,
    pub permissions: Permissions,
    /// Meta's refusals since it last reported the token as alive.
    pub refused: Option<Refused>,
    pub owners: Vec<String>,
    /// The number of the current secret: 1 for the imported one, then counting up.
    pub version: u32,
    pub fingerprint: String,
    pub imported_at: Timestamp,
    pub checked_at: Option<Timestamp>,
    pub rotated_at: Option<Timestamp>,
    pub last_rotation: Option<Rotation>,
    /// The next action and its time; `None` when only a person can change anything.
    pub next: Option<Next>,
}

/// What a token's permissions are measured against, and what the checks have found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// The scopes that its app asks for at login. They count for tokens without required scopes of their own.
    pub of_app: Scopes,
    /// Scopes that it had and that Meta no longer reports.
    pub lost: Scopes,
    /// Required scopes that it never had.
    pub ungranted: Scopes,
}

/// A refusal by Meta that no later answer has contradicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When Meta first refused the token.
    pub since: Timestamp,
    /// The cause that Meta named last.
    pub cause: Cause,
}

/// How a token is doing. Each variant holds only what applies to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Imported; Meta has not been asked yet.
    Unverified,
    Healthy,
    /// Works, but expires within the first warning step, and no measured renewal moved that.
    Expiring {
        cause: Cause,
    },
    /// Works, but lost a required permission. Checks and renewals go on as for any living token.
    Lacking {
        since: Timestamp,
    },
    /// Checks do not get through, or a refusal awaits its second check. The last known good is kept and served.
    Failing {
        since: Timestamp,
        failures: u32,
        cause: Cause,
    },
    /// Meta refuses the token for good.
    Dead {
        since: Timestamp,
        cause: Cause,
    },
}

impl Health {
    /// Whether Meta reported it as alive at the last check.
    pub const fn is_alive(self) -> bool {
        matches!(
            self,
            Self::Healthy | Self::Expiring { .. } | Self::Lacking { .. }
        )
    }

    pub const fn state(self) -> State {
        match self {
            Self::Unverified => State::Unverified,
            Self::Healthy => State::Healthy,
            Self::Expiring { .. } => State::Expiring,
            Self::Lacking { .. } | Self::Failing { .. } => State::Failing,
            Self::Dead { .. } => State::Dead,
        }
    }
}

impl Token {
    pub const fn state(&self) -> State {
        self.health.state()
    }

    /// What people call it: the name of its page or person, otherwise its own.
    pub fn title(&self) -> &str {
        let subject = self.subject_name.as_deref();
        subject
            .filter(|name| !name.is_empty())
            .unwrap_or(&self.name)
    }

    /// Whether programs can use the token as they need to.
    pub const fn works(&self) -> bool {
        self.state().works()
    }

    /// Whether Meta reported it as alive at the last check, perhaps with fewer permissions than it needs.
    pub const fn is_alive(&self) -> bool {
        self.health.is_alive()
    }

    /// Whether Meta refuses it for good.
    pub const fn is_dead(&self) -> bool {
        matches!(self.health, Health::Dead { .. })
    }

    /// Why the token needs action, if it does.
    pub fn cause(&self) -> Option<Cause> {
        match self.health {
            Health::Expiring { cause }
            | Health::Failing { cause, .. }
            | Health::Dead { cause, .. } => Some(cause),
            Health::Lacking { .. } => Some(Cause::PermissionMissing),
            Health::Healthy | Health::Unverified => None,
        }
    }

    pub fn remedy(&self) -> Option<Remedy> {
        self.cause().map(Cause::remedy)
    }

    /// The required scopes that Meta does not report.
    pub fn missing_scopes(&self) -> Scopes {
        let facts = self.facts.as_ref();
        facts.map_or_else(Scopes::default, |facts| self.missing_in(facts))
    }

    /// The required scopes that are not among these facts. Required are the token's own scopes if it has any, else
    /// those of its app that apply to its kind.
    pub fn missing_in(&self, facts: &Facts) -> Scopes {
        let own = &self.required_scopes;
        let has_own = !own.is_empty();
        let required = if has_own {
            own
        } else {
            &self.permissions.of_app
        };
        required
            .iter()
            .filter(|scope| has_own || scopes::applies_to(facts.kind, scope))
            .filter(|scope| facts.lacks(scope))
            .collect()
    }

    /// The earlier of the two expiry times that matter to this token.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.facts.as_ref().and_then(Facts::deadline)
    }
}
