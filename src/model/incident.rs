//! Incidents: one cause that needs one person, with every token that it affects.

use jiff::Timestamp;

use super::{Cause, EmailReason, IncidentId, Kind, Token, string_enum};

/// What makes two problems the same incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentKey {
    /// Empty when the incident is about a sink, which may serve several apps, or about the database.
    pub app: String,
    /// See [`Cause::incident_key`].
    pub cause: Cause,
    /// The person's id, or the name of the sink; empty when the incident is about the app itself or the database.
    pub subject: String,
}

impl IncidentKey {
    pub fn of_sink(sink: &str, cause: Cause) -> Self {
        Self {
            app: String::new(),
            cause,
            subject: sink.to_owned(),
        }
    }

    pub const fn of_database(cause: Cause) -> Self {
        Self {
            app: String::new(),
            cause,
            subject: String::new(),
        }
    }

    /// The sink that the incident is about, if it is about one.
    pub fn sink(&self) -> Option<&str> {
        self.cause.is_about_sink().then_some(&self.subject)
    }

    /// Whether the incident is about an app, a sink or the database.
    pub fn is_without_tokens(&self) -> bool {
        self.is_of_app() || self.sink().is_some() || self.cause.is_about_database()
    }

    /// Whether the incident is about the app itself, without tokens of its own. Meta may say of a single token that it
    /// does not accept the app's calls: that incident has a subject.
    pub fn is_of_app(&self) -> bool {
        let of_tokens = self.cause == Cause::AppUnavailable && !self.subject.is_empty();
        self.cause.is_about_app() && !of_tokens
    }
}

/// A token that changed, and the open incident that it belongs to.
#[derive(Clone, Debug)]
pub struct PendingToken {
    pub token: Token,
    pub incident: Option<IncidentTokens>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentTokens {
    pub incident: IncidentId,
    pub incident_key: IncidentKey,
    /// The token has no problem itself yet.
    pub ahead: bool,
}

/// A token of an incident, with what decides who is notified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub name: String,
    pub kind: Option<Kind>,
    /// Its parent's owners, if it has none.
    pub owners: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentState {
    Open,
    Acknowledged { until: Timestamp },
    Resolved { at: Timestamp },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub id: IncidentId,
    pub incident_key: IncidentKey,
    /// The cause as it is now: a token that was about to expire may have expired.
    pub cause: Cause,
    pub subject_name: Option<String>,
    pub state: IncidentState,
    pub opened_at: Timestamp,
    /// The earliest deadline among its tokens, if there is one.
    pub deadline: Option<Timestamp>,
    pub review_at: Option<Timestamp>,
    /// The addresses that were notified, and the cause and time of the last notification.
    pub notified: Vec<String>,
    pub notified_cause: Option<Cause>,
    pub notified_at: Option<Timestamp>,
    /// Since when people are notified and have not reacted.
    pub awaiting_since: Option<Timestamp>,
    pub escalated_at: Option<Timestamp>,
    /// How often the same problem came back soon after it was resolved.
    pub relapses: u32,
    /// Since when no token is affected, which may not last.
    pub well_since: Option<Timestamp>,
    pub flapping_notified_at: Option<Timestamp>,
    /// The apps that an outage has hit.
    pub apps: Vec<String>,
    /// How many tokens belong to it now, how many of them have a problem, and how many ever belonged to it.
    pub affected: u64,
    pub still_affected: u64,
    pub ever_affected: u64,
}

impl Incident {
    /// One that begins, before it has tokens and before anybody is notified. Its id is still to come.
    pub const fn opened(incident_key: IncidentKey, cause: Cause, now: Timestamp) -> Self {
        Self {
            id: IncidentId(0),
            incident_key,
            cause,
            subject_name: None,
            state: IncidentState::Open,
            opened_at: now,
            deadline: None,
            review_at: Some(now),
            notified: Vec::new(),
            notified_cause: None,
            notified_at: None,
            awaiting_since: None,
            escalated_at: None,
            relapses: 0,
            well_since: None,
            flapping_notified_at: None,
            apps: Vec::new(),
            affected: 0,
            still_affected: 0,
            ever_affected: 0,
        }
    }
}

string_enum! {
    /// Which incidents to list.
    IncidentFilter {
        Open = "open",
        Acknowledged = "acknowledged",
        Unresolved = "unresolved",
        Resolved = "resolved",
        All = "all",
    }
}

string_enum! {
    /// The order in which incidents are listed.
    IncidentSort {
        /// The newest first.
        Newest = "newest",
        /// What does not work first, then what ends first; what is acknowledged comes last.
        Urgency = "urgency",
    }
}

/// The outcome of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewOutcome {
    Nothing,
    /// All these addresses have been notified by now.
    Notified {
        everybody: Vec<String>,
        of: EmailReason,
    },
    /// No token is affected any more, but that may not last.
    Stabilizing,
    Over,
}
