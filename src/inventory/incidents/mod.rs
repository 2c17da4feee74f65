//! Incidents: one cause that needs one person, with every token that it affects. The alerts decide what to send and
//! when; this module stores which tokens belong to which incident. `incident_tokens` reads them; `joining` and
//! `updates` change them.

mod incident_tokens;
mod joining;
mod updates;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, View, rows};
use crate::model::{Cause, Kind, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncidentId(pub i64);

/// What makes two problems the same incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentKey {
    pub app: String,
    /// See [`Cause::incident_key`].
    pub cause: Cause,
    /// The person's id; empty when the incident is about the app itself.
    pub subject: String,
}

impl IncidentKey {
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

#[derive(Clone, Debug)]
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

/// Which incidents to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentSelection {
    Open,
    Acknowledged,
    Unresolved,
    Resolved,
    All,
}

/// The outcome of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewOutcome {
    Nothing,
    /// All these addresses have been notified by now.
    Notified {
        everybody: Vec<String>,
        of: NotificationKind,
    },
    /// No token is affected any more, but that may not last.
    Stabilizing,
    Over,
}

/// What people were notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationKind {
    Problem,
    /// The problem comes back again and again.
    Flapping,
    /// No reaction came, so other people were notified.
    Escalation,
}

const INCIDENT: &str = "
    SELECT i.id, i.app, i.incident_cause, i.subject, i.cause, i.opened_at, i.deadline, i.acknowledged_until,
        i.resolved_at, i.review_at, i.notified, i.notified_cause, i.notified_at,
        (SELECT subject_name FROM token WHERE app = i.app AND subject = i.subject
            AND i.subject <> '' AND subject_name IS NOT NULL LIMIT 1),
        (SELECT count(*) FROM incident_token WHERE incident = i.id AND left_at IS NULL),
        (SELECT count(*) FROM incident_token WHERE incident = i.id),
        (SELECT count(*) FROM incident_token WHERE incident = i.id AND left_at IS NULL AND upcoming = 0),
        i.awaiting_since, i.escalated_at, i.relapses, i.stable_since, i.flapping_notified_at,
        i.apps
    FROM incident i";

fn incident(row: &Row<'_>) -> rusqlite::Result<Incident> {
    let resolved_at = rows::maybe_instant(row, 8)?;
    let until = rows::maybe_instant(row, 7)?;
    let state = match (resolved_at, until) {
        (Some(at), _) => IncidentState::Resolved { at },
        (None, Some(until)) => IncidentState::Acknowledged { until },
        (None, None) => IncidentState::Open,
    };
    Ok(Incident {
        id: IncidentId(row.get(0)?),
        incident_key: IncidentKey {
            app: row.get(1)?,
            cause: rows::string_enum(row, 2, Cause::from_name)?,
            subject: row.get(3)?,
        },
        cause: rows::string_enum(row, 4, Cause::from_name)?,
        opened_at: rows::instant(row, 5)?,
        deadline: rows::maybe_instant(row, 6)?,
        state,
        review_at: rows::maybe_instant(row, 9)?,
        notified: rows::addresses(row, 10)?,
        notified_cause: rows::maybe_string_enum(row, 11, Cause::from_name)?,
        notified_at: rows::maybe_instant(row, 12)?,
        subject_name: row.get(13)?,
        affected: row.get(14)?,
        ever_affected: row.get(15)?,
        still_affected: row.get(16)?,
        awaiting_since: rows::maybe_instant(row, 17)?,
        escalated_at: rows::maybe_instant(row, 18)?,
        relapses: row.get(19)?,
        well_since: rows::maybe_instant(row, 20)?,
        flapping_notified_at: rows::maybe_instant(row, 21)?,
        apps: rows::addresses(row, 22)?,
    })
}

impl View<'_> {
    pub fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Error> {
        let sql = format!("{INCIDENT} WHERE i.id = ?1");
        Ok(self
            .db
            .prepare_cached(&sql)?
            .query_row([id.0], incident)
            .optional()?)
    }

    /// The selected incidents, newest first.
    pub fn incidents(
        &self,
        which: IncidentSelection,
        limit: usize,
    ) -> Result<Vec<Incident>, Error> {
        let condition = match which {
            IncidentSelection::Open => "i.resolved_at IS NULL AND i.acknowledged_until IS NULL",
            IncidentSelection::Acknowledged => {
                "i.resolved_at IS NULL AND i.acknowledged_until IS NOT NULL"
            }
            IncidentSelection::Unresolved => "i.resolved_at IS NULL",
            IncidentSelection::Resolved => "i.resolved_at IS NOT NULL",
            IncidentSelection::All => "1",
        };
        let sql = format!("{INCIDENT} WHERE {condition} ORDER BY i.id DESC LIMIT ?1");
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map([limit], incident)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The incidents that are due for review.
    pub fn incidents_to_review(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Incident>, Error> {
        let sql = format!("{INCIDENT} WHERE i.review_at <= ?1 ORDER BY i.review_at LIMIT ?2");
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map(params![now.as_second(), limit], incident)?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}
