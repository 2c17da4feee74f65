//! Incidents: one cause that needs one person, with every token that hangs on it. What to say and when is for the
//! alerts to decide; here stands who belongs to what.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, EventKind, NewEvent, Tx, View, rows};
use crate::token::{Cause, Token, TokenId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncidentId(pub i64);

/// What makes two troubles the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub app: String,
    /// See [`Cause::story`].
    pub cause: Cause,
    /// The person's id; empty when it is the app itself.
    pub subject: String,
}

/// A token whose need has changed, and the open incident it belongs to.
#[derive(Clone, Debug)]
pub struct Concern {
    pub token: Token,
    pub incident: Option<(IncidentId, Story)>,
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
    pub story: Story,
    /// The cause as it is now: an end that was coming may have come.
    pub cause: Cause,
    pub subject_name: Option<String>,
    pub state: IncidentState,
    pub opened_at: Timestamp,
    /// The earliest end among its tokens, while there is one to come.
    pub deadline: Option<Timestamp>,
    pub review_at: Option<Timestamp>,
    /// The addresses that were written to, and of what and when last.
    pub told: Vec<String>,
    pub told_cause: Option<Cause>,
    pub told_at: Option<Timestamp>,
    /// How many tokens belong to it now, and how many ever did.
    pub affected: u64,
    pub ever_affected: u64,
}

/// What a review decided.
#[derive(Clone, Debug, Default)]
pub struct Reviewed {
    pub next_review: Option<Timestamp>,
    /// Addresses to remember as written to.
    pub told: Option<Vec<String>>,
    pub resolved: bool,
}

const INCIDENT: &str = "
    SELECT i.id, i.app, i.story, i.subject, i.cause, i.opened_at, i.deadline, i.acknowledged_until,
        i.resolved_at, i.review_at, i.told, i.told_cause, i.told_at,
        (SELECT subject_name FROM token WHERE app = i.app AND subject = i.subject
            AND i.subject <> '' AND subject_name IS NOT NULL LIMIT 1),
        (SELECT count(*) FROM member WHERE incident = i.id AND left_at IS NULL),
        (SELECT count(*) FROM member WHERE incident = i.id)
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
        story: Story {
            app: row.get(1)?,
            cause: rows::word(row, 2, Cause::from_word)?,
            subject: row.get(3)?,
        },
        cause: rows::word(row, 4, Cause::from_word)?,
        opened_at: rows::instant(row, 5)?,
        deadline: rows::maybe_instant(row, 6)?,
        state,
        review_at: rows::maybe_instant(row, 9)?,
        told: rows::addresses(row, 10)?,
        told_cause: rows::maybe_word(row, 11, Cause::from_word)?,
        told_at: rows::maybe_instant(row, 12)?,
        subject_name: row.get(13)?,
        affected: row.get(14)?,
        ever_affected: row.get(15)?,
    })
}

impl View<'_> {
    /// Tokens whose need changed since the alerts last looked.
    pub fn attention(&self, limit: usize) -> Result<Vec<TokenId>, Error> {
        let mut waiting = self
            .db
            .prepare_cached("SELECT token FROM attention ORDER BY token LIMIT ?1")?;
        let waiting = waiting.query_map([limit], |row| row.get(0))?;
        Ok(waiting.collect::<Result<_, _>>()?)
    }

    pub fn concern(&self, id: TokenId) -> Result<Option<Concern>, Error> {
        let Some(token) = self.token(id)? else {
            return Ok(None);
        };
        let mut incident = self.db.prepare_cached(
            "SELECT i.id, i.app, i.story, i.subject FROM member m JOIN incident i ON i.id = m.incident
             WHERE m.token = ?1 AND m.left_at IS NULL",
        )?;
        let incident = incident.query_row([id], |row| {
            let cause = rows::word(row, 2, Cause::from_word)?;
            let story = Story {
                app: row.get(1)?,
                cause,
                subject: row.get(3)?,
            };
            Ok((IncidentId(row.get(0)?), story))
        });
        Ok(Some(Concern {
            token,
            incident: incident.optional()?,
        }))
    }

    pub fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Error> {
        let sql = format!("{INCIDENT} WHERE i.id = ?1");
        Ok(self
            .db
            .prepare_cached(&sql)?
            .query_row([id.0], incident)
            .optional()?)
    }

    /// Newest first, open ones or all.
    pub fn incidents(&self, which: Which, limit: usize) -> Result<Vec<Incident>, Error> {
        let condition = match which {
            Which::Open => "i.resolved_at IS NULL AND i.acknowledged_until IS NULL",
            Which::Acknowledged => "i.resolved_at IS NULL AND i.acknowledged_until IS NOT NULL",
            Which::Unresolved => "i.resolved_at IS NULL",
            Which::Resolved => "i.resolved_at IS NOT NULL",
            Which::All => "1",
        };
        let sql = format!("{INCIDENT} WHERE {condition} ORDER BY i.id DESC LIMIT ?1");
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map([limit], incident)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The incidents that are to be looked at now.
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

    /// Those that belong to it now, or, once it is resolved, those that ever did; first those that page tokens
    /// hang on, then by the earliest end.
    pub fn members(&self, incident: &Incident, limit: usize) -> Result<Vec<Token>, Error> {
        let now_or_ever = match incident.state {
            IncidentState::Resolved { .. } => "1",
            IncidentState::Open | IncidentState::Acknowledged { .. } => "m.left_at IS NULL",
        };
        let sql = format!(
            "SELECT {} FROM member m JOIN token t ON t.id = m.token JOIN agenda a ON a.token = t.id
             WHERE m.incident = ?1 AND {now_or_ever}
             ORDER BY t.kind = 'page', a.deadline IS NULL, a.deadline, t.name LIMIT ?2",
            rows::TOKEN
        );
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map(params![incident.id.0, limit], rows::token)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// How many of those that ever belonged to it now belong to no open incident at all.
    pub fn well_again(&self, incident: IncidentId) -> Result<u64, Error> {
        let mut well = self.db.prepare_cached(
            "SELECT count(*) FROM member ever WHERE ever.incident = ?1 AND NOT EXISTS (
                SELECT 1 FROM member now WHERE now.token = ever.token AND now.left_at IS NULL)",
        )?;
        Ok(well.query_row([incident.0], |row| row.get(0))?)
    }

    /// When the first of its tokens died, if any did.
    pub fn broken_since(&self, incident: IncidentId) -> Result<Option<Timestamp>, Error> {
        let mut since = self
            .db
            .prepare_cached("SELECT broken_since FROM incident WHERE id = ?1")?;
        let since = since.query_row([incident.0], |row| rows::maybe_instant(row, 0));
        Ok(since.optional()?.flatten())
    }

    /// The owners of the tokens that belong to it now; a token without one takes its parent's.
    pub fn owners_of(&self, incident: IncidentId) -> Result<Vec<String>, Error> {
        let mut lists = self.db.prepare_cached(
            "SELECT DISTINCT CASE WHEN t.owners <> '[]' THEN t.owners ELSE coalesce(p.owners, '[]') END
             FROM member m JOIN token t ON t.id = m.token LEFT JOIN token p ON p.id = t.parent
             WHERE m.incident = ?1 AND m.left_at IS NULL",
        )?;
        let lists = lists.query_map([incident.0], |row| rows::addresses(row, 0))?;
        let mut owners: Vec<String> = lists.collect::<Result<Vec<_>, _>>()?.concat();
        owners.sort_unstable();
        owners.dedup();
        Ok(owners)
    }
}

/// Which incidents to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Open,
    Acknowledged,
    Unresolved,
    Resolved,
    All,
}

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
    pub(super) fn review_incident_of(&self, token: TokenId) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE incident SET review_at = 0
                 WHERE id = (SELECT incident FROM member WHERE token = ?1 AND left_at IS NULL)",
            )?
            .execute([token])?;
        Ok(())
    }

    /// What is about the app itself is to be looked at again.
    pub(super) fn review_incidents_of_app(&self, app: &str, now: Timestamp) -> Result<(), Error> {
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
