//! How incidents are opened, and how tokens join and leave them.

use jiff::Timestamp;

use crate::inventory::engine::fields;
use crate::inventory::{Error, Tx, View};
use crate::model::{Cause, Event, Incident, IncidentId, IncidentKey, NewEvent, Token, TokenId};

/// An incident with the same key that was resolved not long ago.
struct Previous {
    id: IncidentId,
    relapses: u32,
    flapping_notified_at: Option<Timestamp>,
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
        self.db.maybe(
            "SELECT app, subject FROM incident WHERE incident_cause = ?1 AND resolved_at IS NULL
             ORDER BY id LIMIT 1",
            &[&cause],
            |row| {
                Ok(IncidentKey {
                    app: row.get(0)?,
                    cause,
                    subject: row.get(1)?,
                })
            },
        )
    }

    fn open_one(&self, key: &IncidentKey) -> Result<Option<Open>, Error> {
        self.db.maybe(
            "SELECT id, stable_since IS NOT NULL FROM incident
             WHERE app = ?1 AND incident_cause = ?2 AND subject = ?3 AND resolved_at IS NULL",
            &[&key.app, &key.cause, &key.subject],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    fn former(&self, key: &IncidentKey, since: Timestamp) -> Result<Option<Previous>, Error> {
        self.db.maybe(
            "SELECT id, relapses, flapping_notified_at FROM incident
             WHERE app = ?1 AND incident_cause = ?2 AND subject = ?3 AND resolved_at >= ?4
             ORDER BY resolved_at DESC, id DESC LIMIT 1",
            &[&key.app, &key.cause, &key.subject, &since],
            fields!(Previous {
                id,
                relapses,
                flapping_notified_at
            }),
        )
    }

    fn was_in_incident(&self, incident: IncidentId, token: TokenId) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM incident_token WHERE incident = ?1 AND token = ?2)",
            &[&incident, &token],
        )
    }
}

impl Tx<'_> {
    /// Removes tokens from the queue after the alerts have handled them.
    pub fn dequeue(&self, tokens: &[TokenId]) -> Result<(), Error> {
        let mut done = self
            .db
            .batch("DELETE FROM incident_queue WHERE token = ?1")?;
        tokens.iter().try_for_each(|id| done.add(&[id]))?;
        done.finish()
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
                    self.resume(id, self.was_in_incident(id, token.id)?)?;
                }
                id
            }
            None => {
                let former = match self.former(incident_key, relapsed_since)? {
                    Some(former) if self.was_in_incident(former.id, token.id)? => Some(former),
                    Some(_) | None => None,
                };
                let cause = token.cause().unwrap_or(incident_key.cause);
                self.open(incident_key, cause, former, now)?
            }
        };
        self.db.run(
            "INSERT INTO incident_token (incident, token, joined_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (incident, token) DO UPDATE SET left_at = NULL, upcoming = 0,
                joined_at = CASE WHEN incident_token.left_at IS NULL
                    THEN incident_token.joined_at ELSE excluded.joined_at END",
            &[&id, &token.id, &now],
        )?;
        self.review_soon(id, now)?;
        Ok(id)
    }

    /// Returns the open incident with this key, and opens one if there is none. For incidents about an app or a sink,
    /// with the cause as it is now and since when.
    pub fn open_incident(
        &self,
        incident_key: &IncidentKey,
        (cause, since): (Cause, Timestamp),
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
                let id = self.open(incident_key, cause, former, now)?;
                self.db.run(
                    "UPDATE incident SET broken_since = ?2 WHERE id = ?1",
                    &[&id, &since],
                )?;
                Ok(id)
            }
        }
    }

    /// Stores the apps that an outage has hit.
    pub fn record_affected_apps(&self, incident: IncidentId, apps: &[String]) -> Result<(), Error> {
        let record = "UPDATE incident SET apps = ?2 WHERE id = ?1";
        self.db.run(record, &[&incident, &apps])
    }

    fn open(
        &self,
        key: &IncidentKey,
        cause: Cause,
        former: Option<Previous>,
        now: Timestamp,
    ) -> Result<IncidentId, Error> {
        let relapses = former.as_ref().map_or(0, |former| former.relapses + 1);
        let incident = self.db.insert(
            "INSERT INTO incident (app, incident_cause, cause, subject, opened_at, review_at, relapses,
                flapping_notified_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
            &[
                &key.app,
                &key.cause,
                &cause,
                &key.subject,
                &now,
                &relapses,
                &former.and_then(|former| former.flapping_notified_at),
            ],
        )?;
        let event = Event::IncidentOpened { incident, cause };
        self.record_event(&NewEvent::of_app(&key.app, event), now)?;
        Ok(incident)
    }

    /// Resumes an incident that was stabilizing, because of the same tokens or others.
    fn resume(&self, incident: IncidentId, is_relapse: bool) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident SET stable_since = NULL, relapses = relapses + ?2 WHERE id = ?1",
            &[&incident, &is_relapse],
        )
    }

    /// Adds the person's healthy tokens that expire before `horizon`: one login renews them as well.
    pub fn add_upcoming(
        &self,
        incident: &Incident,
        horizon: Timestamp,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let IncidentKey { app, subject, .. } = &incident.incident_key;
        self.db.changed(
            "INSERT INTO incident_token (incident, token, joined_at, upcoming)
             SELECT ?1, t.id, ?5, 1 FROM token t JOIN schedule s ON s.token = t.id
             WHERE t.app = ?2 AND t.person = ?3 AND t.state = 'healthy' AND s.deadline <= ?4
                AND NOT EXISTS (SELECT 1 FROM incident_token m WHERE m.token = t.id AND m.left_at IS NULL)
             ON CONFLICT (incident, token) DO UPDATE SET left_at = NULL, upcoming = 1",
            &[&incident.id, app, subject, &horizon, &now],
        )
    }

    /// Removes a token that works again or has another problem now. The change counts as a reaction.
    pub fn leave(&self, token: TokenId, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "UPDATE incident_token SET left_at = ?3 WHERE incident = ?1 AND token = ?2",
            &[&incident, &token, &now],
        )?;
        self.db.run(
            "UPDATE incident SET awaiting_since = NULL WHERE id = ?1",
            &[&incident],
        )?;
        self.review_soon(incident, now)
    }
}
