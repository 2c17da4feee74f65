//! What changes in incidents: reviews are due and are done, and somebody reacts.

use jiff::Timestamp;
use rusqlite::params;

use super::{Incident, IncidentId, NotificationKind, ReviewOutcome};
use crate::inventory::{Error, EventKind, NewEvent, Tx, rows};
use crate::model::TokenId;

impl Tx<'_> {
    pub(super) fn review_soon(&self, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = ?2
                 WHERE id = ?1 AND (review_at IS NULL OR review_at > ?2)",
            )?
            .execute(params![incident.0, now.as_second()])?;
        Ok(())
    }

    /// A token that is about to go leaves its incident to be looked at.
    pub(in crate::inventory) fn review_incident_of(&self, token: TokenId) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = 0
                 WHERE id = (SELECT incident FROM incident_token WHERE token = ?1 AND left_at IS NULL)",
            )?
            .execute([token])?;
        Ok(())
    }

    /// What is about the app itself is to be looked at again; an outage may be about several.
    pub(in crate::inventory) fn review_incidents_of_app(
        &self,
        app: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = ?2
                 WHERE (app = ?1 OR incident_cause = 'outage') AND subject = '' AND resolved_at IS NULL",
            )?
            .execute(params![app, now.as_second()])?;
        Ok(())
    }

    /// Brings cause and deadline up to date with the members as they are now. One whose checks do not get
    /// through says nothing new about the cause.
    pub fn refresh_incident(&self, id: IncidentId) -> Result<Option<Incident>, Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET
                    deadline = (SELECT min(s.deadline) FROM incident_token m JOIN schedule s ON s.token = m.token
                                WHERE m.incident = ?1 AND m.left_at IS NULL),
                    cause = coalesce(
                        (SELECT t.cause FROM incident_token m JOIN token t ON t.id = m.token
                            JOIN schedule s ON s.token = t.id
                         WHERE m.incident = ?1 AND m.left_at IS NULL AND m.upcoming = 0
                            AND t.cause IS NOT NULL AND t.state <> 'failing'
                         ORDER BY t.cause = incident_cause DESC, s.deadline LIMIT 1), cause),
                    broken_since = coalesce(broken_since,
                        (SELECT min(t.since) FROM incident_token m JOIN token t ON t.id = m.token
                         WHERE m.incident = ?1 AND m.left_at IS NULL AND t.state = 'dead'))
                 WHERE id = ?1 AND resolved_at IS NULL",
            )?
            .execute([id.0])?;
        self.incident(id)
    }

    /// Notes what a review came to, and when the next one is.
    pub fn reviewed(
        &self,
        incident: &Incident,
        finding: &ReviewOutcome,
        next_review: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = ?2, acknowledged_until = CASE
                    WHEN acknowledged_until <= ?3 THEN NULL ELSE acknowledged_until END
                 WHERE id = ?1",
            )?
            .execute(params![
                incident.id.0,
                rows::seconds(next_review),
                now.as_second()
            ])?;
        match finding {
            ReviewOutcome::Nothing => Ok(()),
            ReviewOutcome::Notified { everybody, of } => {
                self.notified(incident.id, everybody, *of, now)
            }
            ReviewOutcome::Stabilizing => self.stabilizing(incident.id, now),
            ReviewOutcome::Over => self.over(incident, now),
        }
    }

    fn notified(
        &self,
        incident: IncidentId,
        everybody: &[String],
        of: NotificationKind,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut notified = self.db.prepare_cached(match of {
            NotificationKind::Problem => {
                "UPDATE incident SET notified = ?2, notified_cause = cause, notified_at = ?3,
                    awaiting_since = coalesce(awaiting_since, ?3) WHERE id = ?1"
            }
            NotificationKind::Flapping => {
                "UPDATE incident SET notified = ?2, notified_cause = cause, notified_at = ?3,
                    awaiting_since = coalesce(awaiting_since, ?3), flapping_notified_at = ?3
                 WHERE id = ?1"
            }
            NotificationKind::Escalation => {
                "UPDATE incident SET notified = ?2, escalated_at = ?3 WHERE id = ?1"
            }
        })?;
        notified.execute(params![incident.0, rows::list(everybody), now.as_second()])?;
        Ok(())
    }

    fn stabilizing(&self, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET stable_since = coalesce(stable_since, ?2) WHERE id = ?1",
            )?
            .execute(params![incident.0, now.as_second()])?;
        Ok(())
    }

    /// Those that were only asked for ahead of time were in no trouble, and never were.
    fn over(&self, incident: &Incident, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE incident SET resolved_at = ?2 WHERE id = ?1")?
            .execute(params![incident.id.0, now.as_second()])?;
        self.db
            .prepare_cached("DELETE FROM incident_token WHERE incident = ?1 AND left_at IS NULL")?
            .execute([incident.id.0])?;
        let event = NewEvent::of_app(&incident.incident_key.app, EventKind::IncidentResolved)
            .with("incident", incident.id.0.to_string())
            .with("cause", incident.cause.as_str());
        self.record_event(&event, now).map(drop)
    }

    /// Somebody has begun to do something: whoever else would be told waits for what comes of it.
    pub fn record_reaction(&self, app: &str, person: &str) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET awaiting_since = NULL
                 WHERE app = ?1 AND subject = ?2 AND resolved_at IS NULL",
            )?
            .execute([app, person])?;
        Ok(())
    }

    /// Other rules hold from now on, and they may want something said.
    pub fn review_all(&self, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = ?1 WHERE resolved_at IS NULL AND review_at > ?1",
            )?
            .execute([now.as_second()])?;
        Ok(())
    }

    /// No reminders until then.
    pub fn acknowledge(
        &self,
        incident: &Incident,
        until: Timestamp,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET acknowledged_until = ?2, review_at = ?2, awaiting_since = NULL
                 WHERE id = ?1 AND resolved_at IS NULL",
            )?
            .execute(params![incident.id.0, until.as_second()])?;
        let event = NewEvent::of_app(&incident.incident_key.app, EventKind::IncidentAcknowledged)
            .with("incident", incident.id.0.to_string())
            .with("until", until.to_string())
            .with("asked_by", asked_by);
        self.record_event(&event, now).map(drop)
    }
}
