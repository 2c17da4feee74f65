//! Finds logins and clicks, by what an address contains or by their ids.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{REMEMBERED, before};
use crate::inventory::{Error, Tx, View, cells, rows};
use crate::model::{
    AttemptId, Ending, IncidentId, Login, LoginAttempt, LoginId, NewLogin, Progress, Remedy, Token,
    TokenCounts, TokenId,
};
use crate::secret::Secret;

/// A link for a token that Meta had not described yet is for the person whom Meta has named since.
const LOGIN: &str = "
    SELECT l.id, l.app,
        iif(l.person = '', coalesce((SELECT person FROM token WHERE id = l.token), ''), l.person),
        l.token, l.incident, l.remedy, l.accepts_fewer, l.expires_at,
        (SELECT subject_name FROM token WHERE app = l.app AND subject = l.person
            AND l.person <> '' AND subject_name IS NOT NULL LIMIT 1)
    FROM login l";

const ATTEMPT: &str = "SELECT id, login, phase, since, ending, expires_at FROM login_attempt";

fn login(row: &Row<'_>) -> rusqlite::Result<Login> {
    let person: String = row.get(2)?;
    Ok(Login {
        id: LoginId(row.get(0)?),
        wanted: NewLogin {
            app: row.get(1)?,
            person: Some(person).filter(|person| !person.is_empty()),
            token: row.get(3)?,
            incident: row.get::<_, Option<i64>>(4)?.map(IncidentId),
            remedy: rows::string_enum(row, 5, Remedy::from_name)?,
            accepts_fewer: row.get(6)?,
            expires_at: rows::instant(row, 7)?,
        },
        person_name: row.get(8)?,
    })
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<LoginAttempt> {
    let since = rows::instant(row, 3)?;
    let phase: String = row.get(2)?;
    let progress = match phase.as_str() {
        "begun" => Progress::Begun,
        "answered" | "claimed" => Progress::Answered { since },
        _ => Progress::Ended {
            at: since,
            ending: ending(row, 4)?,
        },
    };
    Ok(LoginAttempt {
        id: AttemptId(row.get(0)?),
        login: LoginId(row.get(1)?),
        progress,
        expires_at: rows::instant(row, 5)?,
    })
}

fn ending(row: &Row<'_>, column: usize) -> rusqlite::Result<Ending> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
    })
}

impl View<'_> {
    pub fn login(&self, id: LoginId) -> Result<Option<Login>, Error> {
        let sql = format!("{LOGIN} WHERE l.id = ?1");
        let mut found = self.db.prepare_cached(&sql)?;
        Ok(found.query_row([id.0], login).optional()?)
    }

    /// The login that a link belongs to, whether or not the link is still valid.
    pub fn login_of_ticket(&self, login_ticket: &Secret) -> Result<Option<Login>, Error> {
        let sql = format!("{LOGIN} WHERE l.login_ticket_digest = ?1");
        let mut found = self.db.prepare_cached(&sql)?;
        let digest = self.sealer.digest(login_ticket).0;
        Ok(found.query_row([digest], login).optional()?)
    }

    pub fn attempt_of_state(&self, state: &Secret) -> Result<Option<LoginAttempt>, Error> {
        let sql = format!("{ATTEMPT} WHERE state_digest = ?1");
        let mut found = self.db.prepare_cached(&sql)?;
        let digest = self.sealer.digest(state).0;
        Ok(found.query_row([digest], attempt).optional()?)
    }

    /// The click whose outcome is shown under this name.
    pub fn attempt_of_result(&self, result: &Secret) -> Result<Option<LoginAttempt>, Error> {
        let sql = format!("{ATTEMPT} WHERE result_digest = ?1");
        let mut found = self.db.prepare_cached(&sql)?;
        let digest = self.sealer.digest(result).0;
        Ok(found.query_row([digest], attempt).optional()?)
    }

    /// The latest click of a login; one that Meta answered, if there is one.
    pub fn latest_attempt(&self, login: LoginId) -> Result<Option<LoginAttempt>, Error> {
        let sql = format!("{ATTEMPT} WHERE login = ?1 ORDER BY phase = 'begun', id DESC LIMIT 1");
        let mut found = self.db.prepare_cached(&sql)?;
        Ok(found.query_row([login.0], attempt).optional()?)
    }

    /// The name under which the outcome of a click is shown. It cannot be guessed without the click's own secret.
    pub fn result_of_state(&self, state: &Secret) -> Secret {
        let named = Secret::new(format!("result of {}", state.expose()));
        self.sealer.digest(&named).as_name()
    }

    /// Whether the latest outcome of this login has declined permissions. Meta must then be told to ask for them again.
    pub fn was_declined_before(&self, login: LoginId) -> Result<bool, Error> {
        let latest = self.latest_attempt(login)?;
        Ok(latest.is_some_and(|attempt| match attempt.progress {
            Progress::Ended {
                ending: Ending::Granted(granted),
                ..
            } => !granted.declined.is_empty(),
            Progress::Ended { .. } | Progress::Begun | Progress::Answered { .. } => false,
        }))
    }

    /// The tokens of a person: page tokens last, and those that are not healthy first.
    pub fn tokens_of_person(
        &self,
        app: &str,
        person: &str,
        limit: usize,
    ) -> Result<Vec<Token>, Error> {
        let sql = format!(
            "SELECT {} {} WHERE t.app = ?1 AND t.person = ?2
             ORDER BY t.kind = 'page', t.state = 'healthy', t.name LIMIT ?3",
            rows::TOKEN,
            rows::FROM
        );
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map(params![app, person, limit], rows::token)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Counts the tokens of a person.
    pub fn token_counts_of(
        &self,
        app: &str,
        person: &str,
        now: Timestamp,
    ) -> Result<TokenCounts, Error> {
        let mut count = self.db.prepare_cached(
            "SELECT coalesce(sum(t.state IN ('healthy', 'expiring')), 0),
                coalesce(sum(t.state NOT IN ('healthy', 'expiring')), 0),
                coalesce(sum(s.due_at <= ?3 OR EXISTS (
                    SELECT 1 FROM version v WHERE v.token = t.id AND v.role = 'candidate')), 0)
             FROM token t JOIN schedule s ON s.token = t.id WHERE t.app = ?1 AND t.person = ?2",
        )?;
        let values = params![app, person, now.as_second()];
        let token_counts = count.query_row(values, |row| {
            Ok(TokenCounts {
                working: row.get(0)?,
                broken: row.get(1)?,
                unfinished: row.get(2)?,
            })
        });
        Ok(token_counts?)
    }

    /// The person's own token in the app; if there are several, the one that most needs action.
    pub fn own_token_of(&self, app: &str, person: &str) -> Result<Option<TokenId>, Error> {
        let mut own = self.db.prepare_cached(
            "SELECT id FROM token WHERE app = ?1 AND person = ?2 AND subject = ?2 AND kind <> 'page'
             ORDER BY state = 'healthy', state = 'expiring', id LIMIT 1",
        )?;
        Ok(own.query_row([app, person], |row| row.get(0)).optional()?)
    }

    /// The tokens of the person's pages, each with the page's id.
    pub fn page_tokens_of(&self, app: &str, person: &str) -> Result<Vec<(String, TokenId)>, Error> {
        let mut pages = self.db.prepare_cached(
            "SELECT subject, id FROM token WHERE app = ?1 AND person = ?2 AND kind = 'page'
             ORDER BY id",
        )?;
        let pages = pages.query_map([app, person], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(pages.collect::<Result<_, _>>()?)
    }

    /// The owners of the person's tokens, for a token that is new.
    pub fn owners_of_person(&self, app: &str, person: &str) -> Result<Vec<String>, Error> {
        let mut lists = self.db.prepare_cached(
            "SELECT DISTINCT owners FROM token WHERE app = ?1 AND person = ?2 AND owners <> '[]'",
        )?;
        let lists = lists.query_map([app, person], |row| rows::addresses(row, 0))?;
        let mut owners: Vec<String> = lists.collect::<Result<Vec<_>, _>>()?.concat();
        owners.sort_unstable();
        owners.dedup();
        Ok(owners)
    }

    /// How many logins operators asked for, among those that are stored.
    pub fn logins_by_hand(&self) -> Result<u64, Error> {
        let mut count = self
            .db
            .prepare_cached("SELECT count(*) FROM login WHERE incident IS NULL")?;
        Ok(count.query_row([], |row| row.get(0))?)
    }

    /// Whether the login worker has anything to do.
    pub fn has_open_logins(&self, now: Timestamp) -> Result<bool, Error> {
        let mut waiting = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM login_attempt WHERE phase IN ('answered', 'claimed'))
                OR EXISTS (SELECT 1 FROM login WHERE expires_at <= ?1)",
        )?;
        let cached = before(now, REMEMBERED);
        Ok(waiting.query_row([cached.as_second()], |row| row.get(0))?)
    }

    /// The ticket in the link of a login.
    pub fn login_ticket_of(&self, login: LoginId) -> Result<Option<Secret>, Error> {
        let mut found = self
            .db
            .prepare_cached("SELECT login_ticket, login_ticket_digest FROM login WHERE id = ?1")?;
        self.open_ticket(found.query_row([login.0], sealed_ticket).optional()?)
    }

    fn open_ticket(&self, sealed: Option<(Vec<u8>, [u8; 32])>) -> Result<Option<Secret>, Error> {
        let Some((sealed, digest)) = sealed else {
            return Ok(None);
        };
        let opened = self.sealer.open(&sealed, cells::ticket(&hex(&digest)));
        opened
            .map(Some)
            .map_err(|_| Error::Unsealable("a login link".to_owned()))
    }

    /// The ticket of an incident's link that is still valid for long enough, if there is one.
    pub(super) fn reusable_ticket(
        &self,
        incident: IncidentId,
        good_until: Timestamp,
    ) -> Result<Option<Secret>, Error> {
        let mut found = self.db.prepare_cached(
            "SELECT login_ticket, login_ticket_digest FROM login WHERE incident = ?1 AND expires_at > ?2
             ORDER BY id DESC LIMIT 1",
        )?;
        let values = params![incident.0, good_until.as_second()];
        self.open_ticket(found.query_row(values, sealed_ticket).optional()?)
    }
}

impl Tx<'_> {
    pub(super) fn redirect_and_code(
        &self,
        attempt: AttemptId,
    ) -> Result<(String, Option<Vec<u8>>), Error> {
        let mut found = self
            .db
            .prepare_cached("SELECT redirect_uri, code FROM login_attempt WHERE id = ?1")?;
        Ok(found.query_row([attempt.0], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

fn sealed_ticket(row: &Row<'_>) -> rusqlite::Result<(Vec<u8>, [u8; 32])> {
    Ok((row.get(0)?, row.get(1)?))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
