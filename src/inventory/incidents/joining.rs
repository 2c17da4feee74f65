//! How incidents are opened, and how tokens join and leave them.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use crate::inventory::{Error, NewEvent, Tx, View, rows};
use crate::model::{AppError, Cause, Event, Incident, IncidentId, IncidentKey, Token, TokenId};

/// An incident with the same key that was resolved not long ago.
struct Previous {
    id: i64,
    relapses: u32,
    flapping_notified_at: Option<i64>,
}

/// An open incident, and whether it is stabilizing.
type Open = (IncidentId, bool);

impl View<'_> {
    /// Whether an incident with this key is open.
    pub fn is_open(&self, incident_key: &IncidentKey) -> Result<bool, Error> {
        Ok(self.open_one(incident_key)?.is_some())
    }

    /// The key of the oldest open incident with this cause, of any app.
    pub fn open_incident_about(&self, cause: Cause) -> Result<Option<IncidentKey>, Error> {
        let mut incident_key = self.db.prepare_cached(
            "SELECT app, subject FROM incident WHERE incident_cause = ?1 AND resolved_at IS NULL
             ORDER BY id LIMIT 1",
        )?;
        let incident_key = incident_key.query_row([cause.as_str()], |row: &Row<'_>| {
            Ok(IncidentKey {
                app: row.get(0)?,
                cause,
                subject: row.get(1)?,
            })
        });
        Ok(incident_key.optional()?)
    }

    fn open_one(&self, incident_key: &IncidentKey) -> Result<Option<Open>, Error> {
        let mut open = self.db.prepare_cached(
            "SELECT id, stable_since IS NOT NULL FROM incident
             WHERE app = ?1 AND incident_cause = ?2 AND subject = ?3 AND resolved_at IS NULL",
        )?;
        let key = params![
            incident_key.app,
            incident_key.cause.as_str(),
            incident_key.subject
        ];
        let open = open.query_row(key, |row| Ok((IncidentId(row.get(0)?), row.get(1)?)));
        Ok(open.optional()?)
    }

    fn former(
        &self,
        incident_key: &IncidentKey,
        since: Timestamp,
    ) -> Result<Option<Previous>, Error> {
        let mut former = self.db.prepare_cached(
            "SELECT id, relapses, flapping_notified_at FROM incident
             WHERE app = ?1 AND incident_cause = ?2 AND subject = ?3 AND resolved_at >= ?4
             ORDER BY resolved_at DESC LIMIT 1",
        )?;
        let key = params![
            incident_key.app,
            incident_key.cause.as_str(),
            incident_key.subject,
            since.as_second()
        ];
        let former = former.query_row(key, |row| {
            Ok(Previous {
                id: row.get(0)?,
                relapses: row.get(1)?,
                flapping_notified_at: row.get(2)?,
            })
        });
        Ok(former.optional()?)
    }

    fn was_in_incident(&self, incident: i64, token: TokenId) -> Result<bool, Error> {
        let mut was = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM incident_token WHERE incident = ?1 AND token = ?2)",
        )?;
        Ok(was.query_row(params![incident, token], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Removes tokens from the queue after the alerts have handled them.
    pub fn dequeue(&self, tokens: &[TokenId]) -> Result<(), Error> {
        let mut done = self
            .db
            .prepare_cached("DELETE FROM incident_queue WHERE token = ?1")?;
        for id in tokens {
            done.execute([id])?;
        }
        Ok(())
    }

    /// Adds a token to the open incident with this key, and opens one if there is none. It is a relapse if the token
    /// was in such an incident that was resolved since `relapsed_since`.
    pub fn join(
        &self,
        incident_key: &IncidentKey,
        token: &Token,
        relapsed_since: Timestamp,
        now: Timestamp,
    ) -> Result<IncidentId, Error> {
        let id = match self.open_one(incident_key)? {
            Some((id, was_well)) => {
                if was_well {
                    self.resume(id, self.was_in_incident(id.0, token.id)?)?;
                }
                id
            }
            None => {
                let former = self.former(incident_key, relapsed_since)?;
                let former = match former {
                    Some(former) if self.was_in_incident(former.id, token.id)? => Some(former),
                    Some(_) | None => None,
                };
                self.open(
                    incident_key,
                    token.cause().unwrap_or(incident_key.cause),
                    former,
                    now,
                )?
            }
        };
        self.db
            .prepare_cached(
                "INSERT INTO incident_token (incident, token, joined_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (incident, token) DO UPDATE SET left_at = NULL, upcoming = 0,
                    joined_at = iif(left_at IS NULL, joined_at, excluded.joined_at)",
            )?
            .execute(params![id.0, token.id, now.as_second()])?;
        self.review_soon(id, now)?;
        Ok(id)
    }

    /// Returns the open incident with this key, and opens one if there is none. For incidents about the app itself.
    pub fn open_incident(
        &self,
        incident_key: &IncidentKey,
        error: &AppError,
        relapsed_since: Timestamp,
        now: Timestamp,
    ) -> Result<IncidentId, Error> {
        match self.open_one(incident_key)? {
            Some((id, true)) => {
                self.resume(id, true)?;
                self.review_soon(id, now)?;
                Ok(id)
            }
            Some((id, false)) => Ok(id),
            None => {
                let former = self.former(incident_key, relapsed_since)?;
                let id = self.open(incident_key, error.cause, former, now)?;
                self.db
                    .prepare_cached("UPDATE incident SET broken_since = ?2 WHERE id = ?1")?
                    .execute(params![id.0, error.since.as_second()])?;
                Ok(id)
            }
        }
    }

    /// Stores the apps that an outage has hit.
    pub fn record_affected_apps(&self, incident: IncidentId, apps: &[String]) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE incident SET apps = ?2 WHERE id = ?1")?
            .execute(params![incident.0, rows::list(apps)])?;
        Ok(())
    }

    fn open(
        &self,
        incident_key: &IncidentKey,
        cause: Cause,
        former: Option<Previous>,
        now: Timestamp,
    ) -> Result<IncidentId, Error> {
        let relapses = former.as_ref().map_or(0, |former| former.relapses + 1);
        let mut insert = self.db.prepare_cached(
            "INSERT INTO incident (app, incident_cause, cause, subject, opened_at, review_at, relapses,
                flapping_notified_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7) RETURNING id",
        )?;
        let row = params![
            incident_key.app,
            incident_key.cause.as_str(),
            cause.as_str(),
            incident_key.subject,
            now.as_second(),
            relapses,
            former.and_then(|former| former.flapping_notified_at)
        ];
        let incident = IncidentId(insert.query_row(row, |row| row.get(0))?);
        let event = Event::IncidentOpened { incident, cause };
        self.record_event(&NewEvent::of_app(&incident_key.app, event), now)?;
        Ok(incident)
    }

    /// Resumes an incident that was stabilizing, because of the same tokens or others.
    fn resume(&self, incident: IncidentId, is_relapse: bool) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET stable_since = NULL, relapses = relapses + ?2 WHERE id = ?1",
            )?
            .execute(params![incident.0, is_relapse])?;
        Ok(())
    }

    /// Adds the person's healthy tokens that expire before `horizon`: one login renews them as well.
    pub fn add_upcoming(
        &self,
        incident: &Incident,
        horizon: Timestamp,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let mut join = self.db.prepare_cached(
            "INSERT INTO incident_token (incident, token, joined_at, upcoming)
             SELECT ?1, t.id, ?5, 1 FROM token t JOIN schedule s ON s.token = t.id
             WHERE t.app = ?2 AND t.person = ?3 AND t.state = 'healthy' AND s.deadline <= ?4
                AND NOT EXISTS (SELECT 1 FROM incident_token m WHERE m.token = t.id AND m.left_at IS NULL)
             ON CONFLICT (incident, token) DO UPDATE SET left_at = NULL, upcoming = 1",
        )?;
        Ok(join.execute(params![
            incident.id.0,
            incident.incident_key.app,
            incident.incident_key.subject,
            horizon.as_second(),
            now.as_second()
        ])?)
    }

    /// Removes a token that works again or has another problem now. The change counts as a reaction.
    pub fn leave(&self, token: TokenId, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident_token SET left_at = ?3 WHERE incident = ?1 AND token = ?2",
            )?
            .execute(params![incident.0, token, now.as_second()])?;
        self.db
            .prepare_cached("UPDATE incident SET awaiting_since = NULL WHERE id = ?1")?
            .execute([incident.0])?;
        self.review_soon(incident, now)
    }
}
