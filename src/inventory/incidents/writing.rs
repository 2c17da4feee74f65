//! What changes in incidents: tokens join and leave, reviews are due and are done.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Incident, IncidentId, Reviewed, Story};
use crate::inventory::{Error, EventKind, NewEvent, Tx, rows};
use crate::token::{Cause, Token, TokenId};

impl Tx<'_> {
    /// These have been looked at.
    pub fn attended(&self, tokens: &[TokenId]) -> Result<(), Error> {
        let mut done = self
            .db
            .prepare_cached("DELETE FROM attention WHERE token = ?1")?;
        for id in tokens {
            done.execute([id])?;
        }
        Ok(())
    }

    /// Puts a token into the open incident of its story, opening it if there is none.
    pub fn join(&self, story: &Story, token: &Token, now: Timestamp) -> Result<IncidentId, Error> {
        let id = self.open_incident(story, token.cause().unwrap_or(story.cause), now)?;
        self.db
            .prepare_cached(
                "INSERT INTO member (incident, token) VALUES (?1, ?2)
                 ON CONFLICT (incident, token) DO UPDATE SET left_at = NULL",
            )?
            .execute(params![id.0, token.id])?;
        self.review_soon(id, now)?;
        Ok(id)
    }

    /// The open incident of this story, new if there is none.
    pub fn open_incident(
        &self,
        story: &Story,
        cause: Cause,
        now: Timestamp,
    ) -> Result<IncidentId, Error> {
        let mut open = self.db.prepare_cached(
            "SELECT id FROM incident
             WHERE app = ?1 AND story = ?2 AND subject = ?3 AND resolved_at IS NULL",
        )?;
        let key = params![story.app, story.cause.word(), story.subject];
        if let Some(id) = open.query_row(key, |row| row.get(0)).optional()? {
            return Ok(IncidentId(id));
        }
        let mut insert = self.db.prepare_cached(
            "INSERT INTO incident (app, story, cause, subject, opened_at, review_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5) RETURNING id",
        )?;
        let row = params![
            story.app,
            story.cause.word(),
            cause.word(),
            story.subject,
            now.as_second()
        ];
        let id: i64 = insert.query_row(row, |row| row.get(0))?;
        let event = NewEvent::of_app(&story.app, EventKind::IncidentOpened)
            .with("incident", id.to_string())
            .with("cause", cause.word());
        self.note(&event, now)?;
        Ok(IncidentId(id))
    }

    pub fn leave(&self, token: TokenId, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE member SET left_at = ?3 WHERE incident = ?1 AND token = ?2")?
            .execute(params![incident.0, token, now.as_second()])?;
        self.review_soon(incident, now)
    }

    fn review_soon(&self, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
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

    /// What is about the app itself is to be looked at again.
    pub(in crate::inventory) fn review_incidents_of_app(
        &self,
        app: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = ?2
                 WHERE app = ?1 AND subject = '' AND resolved_at IS NULL",
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
                         WHERE m.incident = ?1 AND m.left_at IS NULL AND t.cause IS NOT NULL
                            AND t.state <> 'failing'
                         ORDER BY t.cause = story DESC LIMIT 1), cause),
                    broken_since = coalesce(broken_since,
                        (SELECT min(t.since) FROM member m JOIN token t ON t.id = m.token
                         WHERE m.incident = ?1 AND m.left_at IS NULL AND t.state = 'dead'))
                 WHERE id = ?1 AND resolved_at IS NULL",
            )?
            .execute([id.0])?;
        self.incident(id)
    }

    pub fn reviewed(
        &self,
        incident: &Incident,
        outcome: &Reviewed,
        now: Timestamp,
    ) -> Result<(), Error> {
        let told = outcome.told.as_deref();
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = ?2, told = coalesce(?3, told),
                    told_cause = CASE WHEN ?3 IS NULL THEN told_cause ELSE cause END,
                    told_at = CASE WHEN ?3 IS NULL THEN told_at ELSE ?4 END,
                    resolved_at = CASE WHEN ?5 THEN ?4 ELSE resolved_at END,
                    acknowledged_until = CASE WHEN acknowledged_until <= ?4 THEN NULL
                        ELSE acknowledged_until END
                 WHERE id = ?1",
            )?
            .execute(params![
                incident.id.0,
                rows::seconds(outcome.next_review),
                told.map(rows::list),
                now.as_second(),
                outcome.resolved
            ])?;
        if outcome.resolved {
            let event = NewEvent::of_app(&incident.story.app, EventKind::IncidentResolved)
                .with("incident", incident.id.0.to_string())
                .with("cause", incident.cause.word());
            self.note(&event, now)?;
        }
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
                "UPDATE incident SET acknowledged_until = ?2, review_at = ?2
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
