//! Incidents: one cause that needs one person, with every token that hangs on it. What to say and when is for the
//! alerts to decide; here stands who belongs to what. `writing` is what changes it.

mod writing;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, View, rows};
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

/// Which incidents to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Open,
    Acknowledged,
    Unresolved,
    Resolved,
    All,
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
