//! Changes to incidents: reviews become due and are recorded, and people react.

use jiff::Timestamp;

use crate::inventory::{Error, Tx};
use crate::model::{EmailReason, Event, Incident, IncidentId, NewEvent, ReviewOutcome, TokenId};

impl Tx<'_> {
    pub fn review_soon(&self, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET review_at = ?2
             WHERE id = ?1 AND (review_at IS NULL OR review_at > ?2)",
            &[&incident, &now],
        )
    }

    /// Makes the incident of a token that is about to be deleted due for review.
    pub(in crate::inventory) fn review_incident_of(&self, token: TokenId) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET review_at = 0
             WHERE id = (SELECT incident FROM incident_token WHERE token = ?1 AND left_at IS NULL)",
            &[&token],
        )
    }

    /// Makes incidents about the app itself due for review. An outage may concern several apps.
    pub(in crate::inventory) fn review_incidents_of_app(
        &self,
        app: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET review_at = ?2
             WHERE (app = ?1 OR incident_cause = 'outage') AND subject = '' AND resolved_at IS NULL",
            &[&app, &now],
        )
    }

    /// Brings cause and deadline up to date with the current tokens. A token whose checks fail says nothing new about
    /// the cause.
    pub fn refresh_incident(&self, id: IncidentId) -> Result<Option<Incident>, Error> {
        self.db.run(
            "UPDATE incident SET
                deadline = (SELECT min(s.deadline) FROM incident_token m JOIN schedule s ON s.token = m.token
                            WHERE m.incident = ?1 AND m.left_at IS NULL),
                cause = coalesce(
                    (SELECT t.cause FROM incident_token m JOIN token t ON t.id = m.token
                        JOIN schedule s ON s.token = t.id
                     WHERE m.incident = ?1 AND m.left_at IS NULL AND m.upcoming = 0
                        AND t.cause IS NOT NULL AND t.state <> 'failing'
                     ORDER BY t.cause = incident.incident_cause DESC, s.deadline NULLS FIRST LIMIT 1), cause),
                broken_since = coalesce(broken_since,
                    (SELECT min(t.since) FROM incident_token m JOIN token t ON t.id = m.token
                     WHERE m.incident = ?1 AND m.left_at IS NULL AND t.state = 'dead'))
             WHERE id = ?1 AND resolved_at IS NULL",
            &[&id],
        )?;
        self.incident(id)
    }

    /// Records the outcome of a review, and when the next one is.
    pub fn reviewed(
        &self,
        incident: &Incident,
        outcome: &ReviewOutcome,
        next_review: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET review_at = ?2, acknowledged_until = CASE
                WHEN acknowledged_until <= ?3 THEN NULL ELSE acknowledged_until END
             WHERE id = ?1",
            &[&incident.id, &next_review, &now],
        )?;
        match outcome {
            ReviewOutcome::Nothing => Ok(()),
            ReviewOutcome::Notified { everybody, of } => {
                self.notified(incident.id, everybody, *of, now)
            }
            ReviewOutcome::Stabilizing => self.db.run(
                "UPDATE incident SET stable_since = coalesce(stable_since, ?2) WHERE id = ?1",
                &[&incident.id, &now],
            ),
            ReviewOutcome::Over => self.over(incident, now),
        }
    }

    fn notified(
        &self,
        incident: IncidentId,
        everybody: &[String],
        of: EmailReason,
        now: Timestamp,
    ) -> Result<(), Error> {
        let notified = match of {
            EmailReason::Flapping => {
                "UPDATE incident SET notified = ?2, notified_cause = cause, notified_at = ?3,
                    awaiting_since = coalesce(awaiting_since, ?3), flapping_notified_at = ?3
                 WHERE id = ?1"
            }
            EmailReason::Escalated => {
                "UPDATE incident SET notified = ?2, escalated_at = ?3 WHERE id = ?1"
            }
            EmailReason::First
            | EmailReason::Grown
            | EmailReason::Nearer
            | EmailReason::Ended
            | EmailReason::Reminder
            | EmailReason::Recovered
            | EmailReason::Withdrawn => {
                "UPDATE incident SET notified = ?2, notified_cause = cause, notified_at = ?3,
                    awaiting_since = coalesce(awaiting_since, ?3) WHERE id = ?1"
            }
        };
        self.db.run(notified, &[&incident, &everybody, &now])
    }

    /// Resolves an incident. Tokens that were only added ahead of time never had a problem, so they are removed.
    fn over(&self, incident: &Incident, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET resolved_at = ?2 WHERE id = ?1",
            &[&incident.id, &now],
        )?;
        self.db.run(
            "DELETE FROM incident_token WHERE incident = ?1 AND left_at IS NULL",
            &[&incident.id],
        )?;
        let event = Event::IncidentResolved {
            incident: incident.id,
            cause: incident.cause,
        };
        self.record_event(&NewEvent::of_app(&incident.incident_key.app, event), now)
            .map(drop)
    }

    /// Records that a person has begun to act, so that others are not notified before the result is known.
    pub fn record_reaction(&self, app: &str, person: &str) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET awaiting_since = NULL
             WHERE app = ?1 AND subject = ?2 AND resolved_at IS NULL",
            &[&app, &person],
        )
    }

    /// Makes open incidents due for review, because other rules apply from now on and may require an email.
    pub fn review_all(&self, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET review_at = ?1 WHERE resolved_at IS NULL AND review_at > ?1",
            &[&now],
        )
    }

    /// Stops reminders until `until`. An incident that tells of something past is over then, which a review finds.
    pub fn acknowledge(
        &self,
        incident: &Incident,
        until: Timestamp,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let review_at = match incident.incident_key.cause.is_about_database() {
            true => now,
            false => until,
        };
        self.db.run(
            "UPDATE incident SET acknowledged_until = ?2, review_at = ?3, awaiting_since = NULL
             WHERE id = ?1 AND resolved_at IS NULL",
            &[&incident.id, &until, &review_at],
        )?;
        let event = Event::IncidentAcknowledged {
            incident: incident.id,
            until,
            asked_by: asked_by.to_owned(),
        };
        self.record_event(&NewEvent::of_app(&incident.incident_key.app, event), now)
            .map(drop)
    }
}
