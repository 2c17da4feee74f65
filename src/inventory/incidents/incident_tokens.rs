//! The tokens of an incident, and the tokens that the alerts have not handled yet.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::inventory::{Error, View, rows};
use crate::model::{
    Cause, Incident, IncidentId, IncidentKey, IncidentState, IncidentTokens, Kind, Owner,
    PendingToken, Token, TokenId,
};

impl View<'_> {
    /// Tokens that changed since the alerts last looked at them, in the order of their ids.
    pub fn pending_tokens(&self, after: TokenId, limit: usize) -> Result<Vec<TokenId>, Error> {
        let mut waiting = self.db.prepare_cached(
            "SELECT token FROM incident_queue WHERE token > ?1 ORDER BY token LIMIT ?2",
        )?;
        let waiting = waiting.query_map(params![after, limit], |row| row.get(0))?;
        Ok(waiting.collect::<Result<_, _>>()?)
    }

    pub fn pending_token(&self, id: TokenId) -> Result<Option<PendingToken>, Error> {
        let Some(token) = self.token(id)? else {
            return Ok(None);
        };
        let mut incident = self.db.prepare_cached(
            "SELECT i.id, i.app, i.incident_cause, i.subject, m.upcoming FROM incident_token m JOIN incident i ON i.id = m.incident
             WHERE m.token = ?1 AND m.left_at IS NULL",
        )?;
        let incident = incident.query_row([id], |row| {
            let cause = rows::string_enum(row, 2, Cause::from_name)?;
            let incident_key = IncidentKey {
                app: row.get(1)?,
                cause,
                subject: row.get(3)?,
            };
            Ok(IncidentTokens {
                incident: IncidentId(row.get(0)?),
                incident_key,
                ahead: row.get(4)?,
            })
        });
        Ok(Some(PendingToken {
            token,
            incident: incident.optional()?,
        }))
    }

    /// The tokens that belong to the incident now, or, once it is resolved, those that ever did. Page tokens come last,
    /// then the earliest deadline comes first.
    pub fn tokens_of_incident(
        &self,
        incident: &Incident,
        limit: usize,
    ) -> Result<Vec<Token>, Error> {
        let now_or_ever = match incident.state {
            IncidentState::Resolved { .. } => "(m.upcoming = 0 OR m.left_at IS NOT NULL)",
            IncidentState::Open | IncidentState::Acknowledged { .. } => "m.left_at IS NULL",
        };
        let sql = format!(
            "SELECT {} FROM incident_token m JOIN token t ON t.id = m.token JOIN schedule s ON s.token = t.id
             WHERE m.incident = ?1 AND {now_or_ever}
             ORDER BY t.kind = 'page', s.deadline IS NULL, s.deadline, t.name LIMIT ?2",
            rows::TOKEN
        );
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map(params![incident.id.0, limit], rows::token)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// How many tokens that ever belonged to it belong to no open incident now.
    pub fn well_again(&self, incident: IncidentId) -> Result<u64, Error> {
        let mut well = self.db.prepare_cached(
            "SELECT count(*) FROM incident_token ever WHERE ever.incident = ?1 AND NOT EXISTS (
                SELECT 1 FROM incident_token now WHERE now.token = ever.token AND now.left_at IS NULL)",
        )?;
        Ok(well.query_row([incident.0], |row| row.get(0))?)
    }

    /// Since when it is broken: its first token died, or its app failed.
    pub fn broken_since(&self, incident: IncidentId) -> Result<Option<Timestamp>, Error> {
        let mut since = self
            .db
            .prepare_cached("SELECT broken_since FROM incident WHERE id = ?1")?;
        let since = since.query_row([incident.0], |row| rows::maybe_instant(row, 0));
        Ok(since.optional()?.flatten())
    }

    /// The tokens that belong to it now, with what decides who is notified.
    pub fn owners_of(&self, incident: IncidentId) -> Result<Vec<Owner>, Error> {
        let mut owners = self.db.prepare_cached(
            "SELECT t.name, t.kind,
                CASE WHEN t.owners <> '[]' THEN t.owners ELSE coalesce(p.owners, '[]') END
             FROM incident_token m JOIN token t ON t.id = m.token LEFT JOIN token p ON p.id = t.parent
             WHERE m.incident = ?1 AND m.left_at IS NULL",
        )?;
        let owners = owners.query_map([incident.0], |row| {
            Ok(Owner {
                name: row.get(0)?,
                kind: rows::maybe_string_enum(row, 1, Kind::from_name)?,
                owners: rows::addresses(row, 2)?,
            })
        })?;
        Ok(owners.collect::<Result<_, _>>()?)
    }

    /// When the first of those tokens joined that no notification covers yet.
    pub fn unnotified_since(&self, incident: &Incident) -> Result<Option<Timestamp>, Error> {
        let mut since = self.db.prepare_cached(
            "SELECT min(joined_at) FROM incident_token
             WHERE incident = ?1 AND left_at IS NULL AND upcoming = 0 AND joined_at > ?2",
        )?;
        let since = since.query_row(
            params![incident.id.0, rows::seconds(incident.notified_at)],
            |row| rows::maybe_instant(row, 0),
        );
        Ok(since?)
    }

    /// How many page tokens a person has in an app.
    pub fn pages_of(&self, app: &str, person: &str) -> Result<u64, Error> {
        let mut pages = self.db.prepare_cached(
            "SELECT count(*) FROM token WHERE app = ?1 AND person = ?2 AND kind = 'page'",
        )?;
        Ok(pages.query_row([app, person], |row| row.get(0))?)
    }
}
