//! Finds logins and clicks, by what an address contains or by their ids.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{REMEMBERED, before};
use crate::inventory::columns::{self, FROM_TOKEN, TOKEN};
use crate::inventory::engine::{Json, Row, fields};
use crate::inventory::{Error, View, cells};
use crate::model::{
    Ending, IncidentId, Login, LoginAttempt, LoginId, NewLogin, Progress, Token, TokenCounts,
    TokenId,
};
use crate::secret::{Secret, hex};

/// A link for a token that Meta had not described yet is for the person whom Meta has named since.
const LOGIN: &str = "
    SELECT l.id, l.app,
        CASE WHEN l.person = '' THEN coalesce((SELECT person FROM token WHERE id = l.token), '')
            ELSE l.person END,
        l.token, l.incident, l.remedy, l.accepts_fewer, l.expires_at,
        (SELECT subject_name FROM token WHERE app = l.app AND subject = l.person
            AND l.person <> '' AND subject_name IS NOT NULL ORDER BY id LIMIT 1)
    FROM login l";

const ATTEMPT: &str = "SELECT id, login, phase, since, ending, expires_at FROM login_attempt";

fn login(row: &Row<'_>) -> Result<Login, Error> {
    let person: String = row.get(2)?;
    Ok(Login {
        id: row.get(0)?,
        wanted: NewLogin {
            app: row.get(1)?,
            person: Some(person).filter(|person| !person.is_empty()),
            token: row.get(3)?,
            incident: row.get(4)?,
            remedy: row.get(5)?,
            accepts_fewer: row.get(6)?,
            expires_at: row.get(7)?,
        },
        person_name: row.get(8)?,
    })
}

fn attempt(row: &Row<'_>) -> Result<LoginAttempt, Error> {
    let since = row.get(3)?;
    let progress = match row.get::<String>(2)?.as_str() {
        "begun" => Progress::Begun,
        "answered" | "claimed" => Progress::Answered { since },
        _ => Progress::Ended {
            at: since,
            ending: row.get::<Json<Ending>>(4)?.0,
        },
    };
    Ok(LoginAttempt {
        id: row.get(0)?,
        login: row.get(1)?,
        progress,
        expires_at: row.get(5)?,
    })
}

impl View<'_> {
    pub fn login(&self, id: LoginId) -> Result<Option<Login>, Error> {
        let of_id = format!("{LOGIN} WHERE l.id = ?1");
        self.db.maybe(&of_id, &[&id], login)
    }

    /// The login that a link belongs to, whether or not the link is still valid.
    pub fn login_of_ticket(&self, login_ticket: &Secret) -> Result<Option<Login>, Error> {
        let of_ticket = format!("{LOGIN} WHERE l.login_ticket_digest = ?1");
        let digest = self.sealer.digest(login_ticket).0;
        self.db.maybe(&of_ticket, &[&digest], login)
    }

    pub fn attempt_of_state(&self, state: &Secret) -> Result<Option<LoginAttempt>, Error> {
        let of_state = format!("{ATTEMPT} WHERE state_digest = ?1");
        let digest = self.sealer.digest(state).0;
        self.db.maybe(&of_state, &[&digest], attempt)
    }

    /// The click whose outcome is shown under this name.
    pub fn attempt_of_result(&self, result: &Secret) -> Result<Option<LoginAttempt>, Error> {
        let of_result = format!("{ATTEMPT} WHERE result_digest = ?1");
        let digest = self.sealer.digest(result).0;
        self.db.maybe(&of_result, &[&digest], attempt)
    }

    /// The latest click of a login; one that Meta answered, if there is one.
    pub fn latest_attempt(&self, login: LoginId) -> Result<Option<LoginAttempt>, Error> {
        let latest =
            format!("{ATTEMPT} WHERE login = ?1 ORDER BY phase = 'begun', id DESC LIMIT 1");
        self.db.maybe(&latest, &[&login], attempt)
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
        let tokens = format!(
            "SELECT {TOKEN} {FROM_TOKEN} WHERE t.app = ?1 AND t.person = ?2
             ORDER BY t.kind = 'page', t.state = 'healthy', t.name LIMIT ?3"
        );
        self.db
            .readable(&tokens, &[&app, &person, &limit], columns::token)
    }

    /// Counts the tokens of a person.
    pub fn token_counts_of(
        &self,
        app: &str,
        person: &str,
        now: Timestamp,
    ) -> Result<TokenCounts, Error> {
        self.db.one(
            "SELECT count(*) FILTER (WHERE t.state IN ('healthy', 'expiring')),
                count(*) FILTER (WHERE t.state NOT IN ('healthy', 'expiring')),
                count(*) FILTER (WHERE s.due_at <= ?3 OR EXISTS (
                    SELECT 1 FROM version v WHERE v.token = t.id AND v.role = 'candidate' AND v.exchange IS NULL))
             FROM token t JOIN schedule s ON s.token = t.id WHERE t.app = ?1 AND t.person = ?2",
            &[&app, &person, &now],
            fields!(TokenCounts {
                working,
                broken,
                unfinished
            }),
        )
    }

    /// The person's own token in the app; if there are several, the one that most needs action.
    pub fn own_token_of(&self, app: &str, person: &str) -> Result<Option<TokenId>, Error> {
        self.db.maybe_value(
            "SELECT id FROM token WHERE app = ?1 AND person = ?2 AND subject = ?2 AND kind <> 'page'
             ORDER BY state = 'healthy', state = 'expiring', id LIMIT 1",
            &[&app, &person],
        )
    }

    /// The tokens of the person's pages, each with the page's id.
    pub fn page_tokens_of(&self, app: &str, person: &str) -> Result<Vec<(String, TokenId)>, Error> {
        self.db.all(
            "SELECT subject, id FROM token WHERE app = ?1 AND person = ?2 AND kind = 'page'
             ORDER BY id",
            &[&app, &person],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The owners of the person's tokens, for a token that is new.
    pub fn owners_of_person(&self, app: &str, person: &str) -> Result<Vec<String>, Error> {
        let lists: Vec<Vec<String>> = self.db.values(
            "SELECT DISTINCT owners FROM token WHERE app = ?1 AND person = ?2 AND owners <> '[]'",
            &[&app, &person],
        )?;
        let owners: BTreeSet<String> = lists.into_iter().flatten().collect();
        Ok(owners.into_iter().collect())
    }

    /// How many logins operators asked for, among those that are stored.
    pub fn logins_by_hand(&self) -> Result<u64, Error> {
        let count = "SELECT count(*) FROM login WHERE incident IS NULL";
        self.db.value(count, &[])
    }

    /// Whether the login worker has anything to do.
    pub fn has_open_logins(&self, now: Timestamp) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM login_attempt WHERE phase IN ('answered', 'claimed'))
                OR EXISTS (SELECT 1 FROM login WHERE expires_at <= ?1)",
            &[&before(now, REMEMBERED)],
        )
    }

    /// The ticket in the link of a login.
    pub fn login_ticket_of(&self, login: LoginId) -> Result<Option<Secret>, Error> {
        let of_login = "SELECT login_ticket, login_ticket_digest FROM login WHERE id = ?1";
        self.db.maybe(of_login, &[&login], |row| self.ticket(row))
    }

    /// The ticket of an incident's link that is still valid for long enough, if there is one.
    pub(super) fn reusable_ticket(
        &self,
        incident: IncidentId,
        good_until: Timestamp,
    ) -> Result<Option<Secret>, Error> {
        self.db.maybe(
            "SELECT login_ticket, login_ticket_digest FROM login WHERE incident = ?1 AND expires_at > ?2
             ORDER BY id DESC LIMIT 1",
            &[&incident, &good_until],
            |row| self.ticket(row),
        )
    }

    fn ticket(&self, row: &Row<'_>) -> Result<Secret, Error> {
        let (sealed, digest): (Vec<u8>, [u8; 32]) = (row.get(0)?, row.get(1)?);
        let opened = self.sealer.open(&sealed, cells::ticket(&hex(&digest)));
        opened.map_err(|_| Error::Unsealable("a login link".to_owned()))
    }
}
