//! Incidents: one cause that needs one person, with every token that it affects. The alerts decide what to send and
//! when; this module stores which tokens belong to which incident. `incident_tokens` reads them; `joining` and
//! `updates` change them.

mod incident_tokens;
mod joining;
mod updates;

use jiff::Timestamp;

use super::engine::Row;
use super::{Error, View};
use crate::model::{
    Incident, IncidentFilter, IncidentId, IncidentKey, IncidentSort, IncidentState,
};

const INCIDENT: &str = "
    SELECT i.id, i.app, i.incident_cause, i.subject, i.cause, i.opened_at, i.deadline, i.acknowledged_until,
        i.resolved_at, i.review_at, i.notified, i.notified_cause, i.notified_at,
        (SELECT subject_name FROM token WHERE app = i.app AND subject = i.subject
            AND i.subject <> '' AND subject_name IS NOT NULL ORDER BY id LIMIT 1),
        (SELECT present FROM incident_total WHERE incident = i.id),
        (SELECT ever FROM incident_total WHERE incident = i.id),
        (SELECT broken FROM incident_total WHERE incident = i.id),
        i.awaiting_since, i.escalated_at, i.relapses, i.stable_since, i.flapping_notified_at,
        i.apps
    FROM incident i";

fn incident(row: &Row<'_>) -> Result<Incident, Error> {
    let state = match (row.get(8)?, row.get(7)?) {
        (Some(at), _) => IncidentState::Resolved { at },
        (None, Some(until)) => IncidentState::Acknowledged { until },
        (None, None) => IncidentState::Open,
    };
    Ok(Incident {
        id: row.get(0)?,
        incident_key: IncidentKey {
            app: row.get(1)?,
            cause: row.get(2)?,
            subject: row.get(3)?,
        },
        cause: row.get(4)?,
        opened_at: row.get(5)?,
        deadline: row.get(6)?,
        state,
        review_at: row.get(9)?,
        notified: row.get(10)?,
        notified_cause: row.get(11)?,
        notified_at: row.get(12)?,
        subject_name: row.get(13)?,
        affected: row.get(14)?,
        ever_affected: row.get(15)?,
        still_affected: row.get(16)?,
        awaiting_since: row.get(17)?,
        escalated_at: row.get(18)?,
        relapses: row.get(19)?,
        well_since: row.get(20)?,
        flapping_notified_at: row.get(21)?,
        apps: row.get(22)?,
    })
}

fn order(sort: IncidentSort) -> &'static str {
    match sort {
        IncidentSort::Newest => "i.id DESC",
        IncidentSort::Urgency => {
            "i.acknowledged_until IS NOT NULL, i.cause IN ('expires_soon', 'data_access_expires_soon'),
                i.deadline IS NULL, i.deadline, i.id DESC"
        }
    }
}

impl View<'_> {
    pub fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Error> {
        let of_id = format!("{INCIDENT} WHERE i.id = ?1");
        self.db.maybe(&of_id, &[&id], incident)
    }

    /// The selected incidents, newest first.
    pub fn incidents(&self, which: IncidentFilter, limit: usize) -> Result<Vec<Incident>, Error> {
        self.incidents_sorted(which, IncidentSort::Newest, limit)
    }

    pub fn incidents_sorted(
        &self,
        which: IncidentFilter,
        sort: IncidentSort,
        limit: usize,
    ) -> Result<Vec<Incident>, Error> {
        let condition = match which {
            IncidentFilter::Open => "i.resolved_at IS NULL AND i.acknowledged_until IS NULL",
            IncidentFilter::Acknowledged => {
                "i.resolved_at IS NULL AND i.acknowledged_until IS NOT NULL"
            }
            IncidentFilter::Unresolved => "i.resolved_at IS NULL",
            IncidentFilter::Resolved => "i.resolved_at IS NOT NULL",
            IncidentFilter::All => "TRUE",
        };
        let order = order(sort);
        // The tokens of those alone are counted.
        let found = format!(
            "{INCIDENT} WHERE i.id IN (SELECT i.id FROM incident i WHERE {condition} ORDER BY {order} LIMIT ?1)
             ORDER BY {order}"
        );
        self.db.readable(&found, &[&limit], incident)
    }

    /// The incidents that are due for review.
    pub fn incidents_to_review(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Incident>, Error> {
        let due = format!("{INCIDENT} WHERE i.review_at <= ?1 ORDER BY i.review_at, i.id LIMIT ?2");
        self.db.readable(&due, &[&now, &limit], incident)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;

    #[test]
    fn what_is_only_ahead_is_less_urgent() {
        for cause in Cause::ALL {
            let is_named = order(IncidentSort::Urgency).contains(&format!("'{cause}'"));
            assert_eq!(is_named, cause.is_upcoming(), "{cause}");
        }
    }
}
