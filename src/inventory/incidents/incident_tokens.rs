//! The tokens of an incident, and the tokens that the alerts have not handled yet.

use jiff::Timestamp;

use crate::inventory::columns::{self, FROM_TOKEN, TOKEN};
use crate::inventory::engine::{Params, fields};
use crate::inventory::{Error, View};
use crate::model::{
    Incident, IncidentId, IncidentKey, IncidentState, IncidentTokens, Owner, PendingToken, Token,
    TokenId,
};

/// More tokens of an incident are not sorted for its first few.
const MOST_SORTED: u64 = 2_000;

impl View<'_> {
    /// Tokens that changed since the alerts last looked at them, in the order of their ids.
    pub fn pending_tokens(&self, after: TokenId, limit: usize) -> Result<Vec<TokenId>, Error> {
        self.db.values(
            "SELECT token FROM incident_queue WHERE token > ?1 ORDER BY token LIMIT ?2",
            &[&after, &limit],
        )
    }

    pub fn pending_token(&self, id: TokenId) -> Result<Option<PendingToken>, Error> {
        let Some(token) = self.token(id)? else {
            return Ok(None);
        };
        let incident = self.db.maybe(
            "SELECT i.id, i.app, i.incident_cause, i.subject, m.upcoming
             FROM incident_token m JOIN incident i ON i.id = m.incident
             WHERE m.token = ?1 AND m.left_at IS NULL",
            &[&id],
            |row| {
                Ok(IncidentTokens {
                    incident: row.get(0)?,
                    incident_key: IncidentKey {
                        app: row.get(1)?,
                        cause: row.get(2)?,
                        subject: row.get(3)?,
                    },
                    ahead: row.get(4)?,
                })
            },
        )?;
        Ok(Some(PendingToken { token, incident }))
    }

    /// The tokens that belong to the incident now, or, once it is resolved, those that ever did. Page tokens come last,
    /// then the earliest deadline comes first; those of a very large incident come in the order of their ids.
    pub fn tokens_of_incident(
        &self,
        incident: &Incident,
        limit: usize,
    ) -> Result<Vec<Token>, Error> {
        let now_or_ever = match incident.state {
            IncidentState::Resolved { .. } => "(m.upcoming = 0 OR m.left_at IS NOT NULL)",
            IncidentState::Open | IncidentState::Acknowledged { .. } => "m.left_at IS NULL",
        };
        if incident.ever_affected > MOST_SORTED {
            return self.tokens_of_large(incident, now_or_ever, limit);
        }
        let tokens = format!(
            "SELECT {TOKEN} {FROM_TOKEN} JOIN incident_token m ON m.token = t.id
             WHERE m.incident = ?1 AND {now_or_ever}
             ORDER BY t.kind = 'page' NULLS FIRST, s.deadline IS NULL, s.deadline, t.name LIMIT ?2"
        );
        self.db
            .readable(&tokens, &[&incident.id, &limit], columns::token)
    }

    /// The same without sorting all of them: the person's own tokens, which are few, then the first pages.
    fn tokens_of_large(
        &self,
        incident: &Incident,
        now_or_ever: &str,
        limit: usize,
    ) -> Result<Vec<Token>, Error> {
        let key = &incident.incident_key;
        let own = format!(
            "SELECT {TOKEN} FROM token t CROSS JOIN incident_token m JOIN schedule s ON s.token = t.id
             WHERE t.app = ?3 AND t.person = ?4 AND t.kind <> 'page' AND m.incident = ?1 AND m.token = t.id
                AND {now_or_ever}
             ORDER BY s.deadline IS NULL, s.deadline, t.name LIMIT ?2"
        );
        let values: Params<'_> = &[&incident.id, &limit, &key.app, &key.subject];
        let mut found = self.db.readable(&own, values, columns::token)?;
        let others = format!(
            "SELECT {TOKEN} FROM incident_token m CROSS JOIN token t JOIN schedule s ON s.token = t.id
             WHERE m.incident = ?1 AND m.token = t.id AND {now_or_ever}
                AND (t.kind IS NULL OR t.kind = 'page' OR t.person IS NULL OR t.person <> ?4 OR t.app <> ?3)
             ORDER BY m.token LIMIT ?2"
        );
        let rest = limit.saturating_sub(found.len());
        let values: Params<'_> = &[&incident.id, &rest, &key.app, &key.subject];
        found.extend(self.db.readable(&others, values, columns::token)?);
        Ok(found)
    }

    /// How many tokens that ever belonged to it belong to no open incident now.
    pub fn well_again(&self, incident: IncidentId) -> Result<u64, Error> {
        self.db.value(
            "SELECT count(*) FROM incident_token ever WHERE ever.incident = ?1 AND NOT EXISTS (
                SELECT 1 FROM incident_token now WHERE now.token = ever.token AND now.left_at IS NULL)",
            &[&incident],
        )
    }

    /// Whether a token that once belonged to it belongs to another open incident now.
    pub fn has_moved_on(&self, incident: IncidentId) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (
                SELECT 1 FROM incident_token ever JOIN incident_token now ON now.token = ever.token
                WHERE ever.incident = ?1 AND now.incident <> ?1 AND now.left_at IS NULL)",
            &[&incident],
        )
    }

    /// Since when it is broken: its first token died, or its app failed.
    pub fn broken_since(&self, incident: IncidentId) -> Result<Option<Timestamp>, Error> {
        let since = "SELECT broken_since FROM incident WHERE id = ?1";
        Ok(self.db.maybe_value(since, &[&incident])?.flatten())
    }

    /// The tokens that belong to it now, with what decides who is notified.
    pub fn owners_of(&self, incident: IncidentId) -> Result<Vec<Owner>, Error> {
        self.db.readable(
            "SELECT t.name, t.kind,
                CASE WHEN t.owners <> '[]' THEN t.owners ELSE coalesce(p.owners, '[]') END
             FROM incident_token m JOIN token t ON t.id = m.token LEFT JOIN token p ON p.id = t.parent
             WHERE m.incident = ?1 AND m.left_at IS NULL ORDER BY m.token",
            &[&incident],
            fields!(Owner { name, kind, owners }),
        )
    }

    /// When the first of those tokens joined that no notification covers yet.
    pub fn unnotified_since(&self, incident: &Incident) -> Result<Option<Timestamp>, Error> {
        self.db.value(
            "SELECT min(joined_at) FROM incident_token
             WHERE incident = ?1 AND left_at IS NULL AND upcoming = 0 AND joined_at > ?2",
            &[&incident.id, &incident.notified_at],
        )
    }

    /// How many page tokens a person has in an app.
    pub fn pages_of(&self, app: &str, person: &str) -> Result<u64, Error> {
        self.db.value(
            "SELECT count(*) FROM token WHERE app = ?1 AND person = ?2 AND kind = 'page'",
            &[&app, &person],
        )
    }
}
