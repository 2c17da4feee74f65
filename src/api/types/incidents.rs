//! An incident as programs see it: one cause that needs one person.

use jiff::Timestamp;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::SubjectView;
use crate::model::{Cause, Incident, IncidentState, Remedy, string_enum};

string_enum! {
    IncidentStatus {
        Open = "open",
        /// Reminders are paused until a date.
        Acknowledged = "acknowledged",
        Resolved = "resolved",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentView {
    /// The id of the incident.
    pub id: String,
    /// Empty when the incident is about a sink of `[[delivery]]`, or about the database.
    pub app: String,
    /// Why someone must act.
    pub cause: Cause,
    /// What has to happen.
    pub remedy: Remedy,
    /// The person who can help, or the sink that the incident is about; null when it is about the app itself or the
    /// database.
    pub subject: Option<SubjectView>,
    /// Whether it is open, acknowledged or resolved.
    pub state: IncidentStatus,
    /// When it opened.
    pub opened_at: Timestamp,
    /// The earliest expiry among its tokens.
    pub deadline: Option<Timestamp>,
    /// How many tokens it affects now; after it is resolved, how many it affected in total.
    pub tokens_affected: u64,
    /// The names of the first twenty tokens, earliest expiry first.
    pub tokens: Vec<String>,
    /// The addresses that were notified.
    pub told: Vec<String>,
    /// When the next email about it is due.
    pub next_reminder_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentList {
    /// The incidents.
    pub incidents: Vec<IncidentView>,
}

/// `POST /v1/incidents/{id}/acknowledge`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeRequest {
    /// No reminders are sent before this time.
    #[serde(deserialize_with = "instant")]
    pub until: Timestamp,
}

/// The error message must not repeat what was sent.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = "a time such as 2026-03-01T12:00:00Z";
    text.parse()
        .map_err(|_| Error::invalid_value(Unexpected::Str(&text), &expected))
}

impl From<(Incident, Vec<String>)> for IncidentView {
    /// Takes the incident, and the names of its first tokens.
    fn from((incident, tokens): (Incident, Vec<String>)) -> Self {
        let (state, resolved_at, next_reminder_at) = match incident.state {
            IncidentState::Open => (IncidentStatus::Open, None, incident.review_at),
            IncidentState::Acknowledged { until } => {
                (IncidentStatus::Acknowledged, None, Some(until))
            }
            IncidentState::Resolved { at } => (IncidentStatus::Resolved, Some(at), None),
        };
        let next_reminder_at = next_reminder_at.filter(|_| !incident.cause.is_about_database());
        let tokens_affected = match resolved_at {
            None => incident.affected,
            Some(_) => incident.ever_affected,
        };
        let subject = (!incident.incident_key.subject.is_empty()).then_some(SubjectView {
            id: incident.incident_key.subject,
            name: incident.subject_name,
        });
        Self {
            id: incident.id.0.to_string(),
            app: incident.incident_key.app,
            cause: incident.cause,
            remedy: incident.cause.remedy(),
            subject,
            state,
            opened_at: incident.opened_at,
            deadline: incident.deadline,
            tokens_affected,
            tokens,
            told: incident.notified,
            next_reminder_at,
            resolved_at,
        }
    }
}
