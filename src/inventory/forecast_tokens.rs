//! All tokens, person by person, as far as a forecast needs them. Their secrets are not read.

use super::engine::Row;
use super::{Error, View, columns};
use crate::model::{
    Cause, ForecastToken, Incident, IncidentId, Permissions, Rotation, Scopes, Token, TokenId,
};

/// The last token that was read.
#[derive(Clone, Debug, Default)]
pub struct ForecastCursor {
    app: String,
    person: String,
    state: String,
    token: i64,
}

/// Some tokens, the open incidents of their people, and where to go on.
#[derive(Debug)]
pub struct ForecastPage {
    pub tokens: Vec<ForecastToken>,
    pub incidents: Vec<Incident>,
    pub next: Option<ForecastCursor>,
}

/// In the order of [`columns::TOKEN`] as far as both have the same.
const COLUMNS: &str =
    "t.id, t.app, t.name, t.kind, t.subject, t.subject_name, t.person, t.issued_at,
    t.expires_at, t.data_access_expires_at, t.scopes, t.lost_scopes,
    CASE WHEN t.owners <> '[]' THEN t.owners ELSE coalesce(p.owners, '[]') END,
    t.imported_at, t.state, t.cause, t.since, t.failures, t.rotation_outcome, t.rotation_at,
    t.rotation_tried_at";

impl ForecastCursor {
    /// Before the tokens of this person.
    pub fn of_person(app: &str, person: &str) -> Self {
        Self {
            app: app.to_owned(),
            person: person.to_owned(),
            ..Self::default()
        }
    }

    pub fn is_of(&self, (app, person): &(String, String)) -> bool {
        self.app == *app && self.person == *person
    }
}

impl View<'_> {
    /// The next tokens of people, at most `limit`. Of those who are `leaving`, as app and id, it is looked up whether another person
    /// reaches the page.
    pub fn forecast_page(
        &self,
        after: &ForecastCursor,
        limit: usize,
        leaving: &[(String, String)],
    ) -> Result<ForecastPage, Error> {
        let mut tokens = self.rest_of_group(after, limit)?;
        if tokens.len() < limit {
            tokens.extend(self.next_groups(after, limit - tokens.len())?);
        }
        let next = tokens.last().and_then(cursor);
        for of in &mut tokens {
            let facts = of.token.facts.as_ref();
            let person = facts.map(|facts| (of.token.app.clone(), facts.person.clone()));
            if person.is_some_and(|person| leaving.contains(&person)) {
                of.has_other_admin = self.has_other_admin(&of.token)?;
            }
        }
        Ok(ForecastPage {
            incidents: self.incidents_about(&tokens)?,
            tokens,
            next,
        })
    }

    /// The tokens of the same person in the same state: an index has them in the order of their numbers.
    fn rest_of_group(
        &self,
        after: &ForecastCursor,
        limit: usize,
    ) -> Result<Vec<ForecastToken>, Error> {
        let rest = format!(
            "SELECT {COLUMNS} FROM token t LEFT JOIN token p ON p.id = t.parent
             WHERE t.app = ?1 AND t.person = ?2 AND t.state = ?3 AND t.id > ?4
             ORDER BY t.id LIMIT ?5"
        );
        let ForecastCursor {
            app,
            person,
            state,
            token,
        } = after;
        self.db
            .all(&rest, &[app, person, state, token, &limit], forecast_token)
    }

    fn next_groups(
        &self,
        after: &ForecastCursor,
        limit: usize,
    ) -> Result<Vec<ForecastToken>, Error> {
        let next = format!(
            "SELECT {COLUMNS} FROM token t LEFT JOIN token p ON p.id = t.parent
             WHERE t.person IS NOT NULL AND (t.app, t.person, t.state) > (?1, ?2, ?3)
             ORDER BY t.app, t.person, t.state, t.id LIMIT ?4"
        );
        let ForecastCursor {
            app, person, state, ..
        } = after;
        self.db
            .all(&next, &[app, person, state, &limit], forecast_token)
    }

    /// The open incidents about the people of these tokens, which are in the order of the index.
    fn incidents_about(&self, tokens: &[ForecastToken]) -> Result<Vec<Incident>, Error> {
        let mut found = Vec::new();
        for of_app in tokens.chunk_by(|one, next| one.token.app == next.token.app) {
            let (Some(first), Some(last)) = (of_app.first(), of_app.last()) else {
                continue;
            };
            for cause in Cause::ALL {
                found.extend(self.open_between(*cause, &first.token, &last.token)?);
            }
        }
        Ok(found)
    }

    fn open_between(
        &self,
        cause: Cause,
        first: &Token,
        last: &Token,
    ) -> Result<Vec<Incident>, Error> {
        let (Some(from), Some(to)) = (&first.facts, &last.facts) else {
            return Ok(Vec::new());
        };
        let ids: Vec<IncidentId> = self.db.values(
            "SELECT id FROM incident WHERE app = ?1 AND incident_cause = ?2 AND resolved_at IS NULL
                AND subject BETWEEN ?3 AND ?4 AND subject <> ''",
            &[&first.app, &cause, &from.person, &to.person],
        )?;
        let found = ids.into_iter().map(|id| self.incident(id));
        Ok(found
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    fn has_other_admin(&self, page: &Token) -> Result<bool, Error> {
        let Some(facts) = &page.facts else {
            return Ok(false);
        };
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND subject = ?2 AND kind = 'page'
                    AND person <> ?3 AND state <> 'dead')
                OR EXISTS (SELECT 1 FROM page_admin d JOIN token u ON u.id = d.token
                    WHERE d.page = ?2 AND u.app = ?1 AND u.person <> ?3 AND u.state <> 'dead')",
            &[&page.app, &facts.subject, &facts.person],
        )
    }

    /// The people with this id or name, each with the app.
    pub fn people_named(&self, name: &str) -> Result<Vec<(String, String)>, Error> {
        self.db.all(
            "SELECT DISTINCT app, person FROM (
                SELECT app, person FROM token WHERE kind <> 'page' AND person IS NOT NULL
                    AND subject = person AND lower(subject_name) = lower(?1)
                UNION ALL SELECT t.app, t.person FROM app a JOIN token t ON t.app = a.name
                    WHERE t.person = ?1) named
             ORDER BY app, person",
            &[&name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

fn cursor(of: &ForecastToken) -> Option<ForecastCursor> {
    let token = &of.token;
    Some(ForecastCursor {
        app: token.app.clone(),
        person: token.facts.as_ref()?.person.clone(),
        state: token.state().as_str().to_owned(),
        token: token.id.0,
    })
}

fn forecast_token(row: &Row<'_>) -> Result<ForecastToken, Error> {
    let lost: Scopes = row.get(11)?;
    let (outcome, at) = (row.get::<Option<_>>(18)?, row.get::<Option<_>>(19)?);
    let token = Token {
        id: TokenId(row.get(0)?),
        app: row.get(1)?,
        name: row.get(2)?,
        facts: columns::facts(row)?,
        subject_name: row.get(5)?,
        parent: None,
        health: columns::health(row)?,
        required_scopes: lost.clone(),
        permissions: Permissions {
            lost,
            ..Permissions::default()
        },
        refused: None,
        owners: row.get(12)?,
        version: 1,
        fingerprint: String::new(),
        imported_at: row.get(13)?,
        checked_at: None,
        rotated_at: None,
        last_rotation: outcome
            .zip(at)
            .map(|(outcome, at)| Rotation { outcome, at }),
        next: None,
    };
    Ok(ForecastToken {
        token,
        rotation_tried_at: row.get(20)?,
        has_other_admin: false,
    })
}
