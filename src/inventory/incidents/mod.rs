//! Incidents: one cause that needs one person, with every token that it affects. The alerts decide what to send and
//! when; this module stores which tokens belong to which incident. `incident_tokens` reads them; `joining` and
//! `updates` change them.

mod incident_tokens;
mod joining;
mod updates;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, View, rows};
use crate::model::{Cause, Incident, IncidentFilter, IncidentId, IncidentKey, IncidentState};

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
    pub fn incidents(&self, which: IncidentFilter, limit: usize) -> Result<Vec<Incident>, Error> {
        let condition = match which {
            IncidentFilter::Open => "i.resolved_at IS NULL AND i.acknowledged_until IS NULL",
            IncidentFilter::Acknowledged => {
                "i.resolved_at IS NULL AND i.acknowledged_until IS NOT NULL"
            }
            IncidentFilter::Unresolved => "i.resolved_at IS NULL",
            IncidentFilter::Resolved => "i.resolved_at IS NOT NULL",
            IncidentFilter::All => "1",
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
