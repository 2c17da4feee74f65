//! What changes in incidents: reviews are due and are done, and somebody reacts.

use jiff::Timestamp;
use rusqlite::params;

use super::{Finding, Incident, IncidentId, News};
use crate::inventory::{Error, EventKind, NewEvent, Tx, rows};
use crate::token::TokenId;

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
                 WHERE id = (SELECT incident FROM member WHERE token = ?1 AND left_at IS NULL)",
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
                 WHERE (app = ?1 OR story = 'outage') AND subject = '' AND resolved_at IS NULL",
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
                    deadline = (SELECT min(a.deadline) FROM member m JOIN agenda a ON a.token = m.token
                                WHERE m.incident = ?1 AND m.left_at IS NULL),
                    cause = coalesce(
                        (SELECT t.cause FROM member m JOIN token t ON t.id = m.token
                            JOIN agenda a ON a.token = t.id
                         WHERE m.incident = ?1 AND m.left_at IS NULL AND m.ahead = 0
                            AND t.cause IS NOT NULL AND t.state <> 'failing'
                         ORDER BY t.cause = story DESC, a.deadline LIMIT 1), cause),
                    broken_since = coalesce(broken_since,
                        (SELECT min(t.since) FROM member m JOIN token t ON t.id = m.token
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
        finding: &Finding,
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
            Finding::Nothing => Ok(()),
            Finding::Told { everybody, of } => self.told(incident.id, everybody, *of, now),
            Finding::Settling => self.settling(incident.id, now),
            Finding::Over => self.over(incident, now),
        }
    }

    fn told(
        &self,
        incident: IncidentId,
        everybody: &[String],
        of: News,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut told = self.db.prepare_cached(match of {
            News::Trouble => {
                "UPDATE incident SET told = ?2, told_cause = cause, told_at = ?3,
                    awaiting_since = coalesce(awaiting_since, ?3) WHERE id = ?1"
            }
            News::Flapping => {
                "UPDATE incident SET told = ?2, told_cause = cause, told_at = ?3,
                    awaiting_since = coalesce(awaiting_since, ?3), flapping_told_at = ?3
                 WHERE id = ?1"
            }
            News::Escalation => "UPDATE incident SET told = ?2, escalated_at = ?3 WHERE id = ?1",
        })?;
        told.execute(params![incident.0, rows::list(everybody), now.as_second()])?;
        Ok(())
    }

    fn settling(&self, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET well_since = coalesce(well_since, ?2) WHERE id = ?1",
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
            .prepare_cached("DELETE FROM member WHERE incident = ?1 AND left_at IS NULL")?
            .execute([incident.id.0])?;
        let event = NewEvent::of_app(&incident.story.app, EventKind::IncidentResolved)
            .with("incident", incident.id.0.to_string())
            .with("cause", incident.cause.word());
        self.note(&event, now).map(drop)
    }

    /// Somebody has begun to do something: whoever else would be told waits for what comes of it.
    pub fn note_reaction(&self, app: &str, person: &str) -> Result<(), Error> {
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
        let event = NewEvent::of_app(&incident.story.app, EventKind::IncidentAcknowledged)
            .with("incident", incident.id.0.to_string())
            .with("until", until.to_string())
            .with("asked_by", asked_by);
        self.note(&event, now).map(drop)
    }
}
