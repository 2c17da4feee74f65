//! Events as the journal keeps them, and whom they are about.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Event, EventId, IncidentId, LoginEnd, Mismatch, Refusal};

/// What a person is called in the journal.
#[derive(Clone, Debug)]
pub struct PersonTraces {
    /// The person's id at Meta.
    pub person: String,
    /// The names of the person's tokens.
    pub tokens: HashSet<String>,
    pub incidents: HashSet<IncidentId>,
}

impl Event {
    /// Restores an event from its two parts.
    pub fn from_parts(kind: &str, detail: Map<String, Value>) -> Self {
        let tagged = json!({ "kind": kind, "detail": detail });
        Self::deserialize(tagged).unwrap_or_else(|_| Self::Unknown {
            kind: kind.to_owned(),
            detail,
        })
    }

    /// The kind and the details, as the journal keeps them and the socket shows them.
    pub fn parts(&self, order: Option<EventId>) -> (String, Map<String, Value>) {
        let tagged = serde_json::to_value(self).unwrap_or_default();
        let kind = tagged["kind"].as_str().unwrap_or_default().to_owned();
        let mut detail = tagged["detail"].as_object().cloned().unwrap_or_default();
        if let Some(order) = order {
            detail.insert("order".to_owned(), String::from(order).into());
        }
        (kind, detail)
    }

    /// The order that led to an event with these details.
    pub fn order_in(detail: &Map<String, Value>) -> Option<EventId> {
        let order = detail.get("order")?.as_str()?;
        order.parse().ok().map(EventId)
    }

    /// Whether it names the person, one of the person's tokens as another than its own, or one of their incidents.
    pub fn bears(&self, traces: &PersonTraces) -> bool {
        match self {
            Self::CandidateRefused {
                why: Refusal::Mismatch(Mismatch::OtherSubject { subject, expected }),
            } => [subject, expected].contains(&&traces.person),
            Self::Discovered { through: token, .. }
            | Self::Derived { through: token, .. }
            | Self::LoginEnded(LoginEnd {
                token: Some(token), ..
            }) => traces.tokens.contains(token),
            Self::CalendarRevoked { person, .. } => *person == traces.person,
            Self::Unknown { detail, .. } => detail.values().any(|value| *value == traces.person),
            _ => self
                .incident()
                .is_some_and(|incident| traces.incidents.contains(&incident)),
        }
    }

    /// The incident that it is about.
    pub const fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::IncidentOpened { incident, .. }
            | Self::IncidentAcknowledged { incident, .. }
            | Self::IncidentResolved { incident, .. } => Some(*incident),
            Self::EmailWritten(email)
            | Self::EmailSent(email)
            | Self::EmailDelayed(email)
            | Self::EmailUndelivered(email) => email.incident,
            Self::PostSent(post) | Self::PostDelayed(post) | Self::PostGivenUp(post) => {
                post.incident
            }
            _ => None,
        }
    }
}
