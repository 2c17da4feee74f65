//! Changes to logins: links are made, and clicks begin, are answered, claimed and ended, each once.

use jiff::Timestamp;

use super::{AT_METAS, CLICKS, ClaimedCode, EMAIL_LINK, EMAIL_LINK_LEFT, later};
use crate::inventory::engine::{Json, Texts};
use crate::inventory::{Error, Tx, cells};
use crate::model::{
    AttemptId, Ending, Event, Incident, Login, LoginAttempt, LoginEnd, LoginId, LoginOutcome,
    NewEvent, NewLogin,
};
use crate::secret::{Secret, hex, random_id};

impl Tx<'_> {
    /// Deletes what was asked of a person, and the outcomes. That includes logins that were open to anyone and that
    /// this person completed.
    pub(in crate::inventory) fn delete_logins(&self, app: &str, person: &str) -> Result<(), Error> {
        self.db.run(
            "DELETE FROM login WHERE app = ?1 AND (person = ?2 OR id IN
                (SELECT login FROM login_attempt
                    WHERE replace(ending, '\"person\":\"' || ?2 || '\"', '') <> ending))",
            &[&app, &person],
        )
    }

    /// Asks for a login. Returns the ticket for the link, which is stored only sealed.
    pub fn open_login(&self, new: &NewLogin, now: Timestamp) -> Result<(LoginId, Secret), Error> {
        let login_ticket = random_id().map_err(|_| Error::NoRandomness)?;
        let digest = self.sealer.digest(&login_ticket);
        let sealed = self
            .sealer
            .seal(&login_ticket, cells::ticket(&hex(&digest.0)))
            .map_err(|_| Error::NoRandomness)?;
        let id = self.db.insert(
            "INSERT INTO login (app, person, token, incident, remedy, accepts_fewer, login_ticket,
                login_ticket_digest, opened_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            &[
                &new.app,
                &new.person.as_deref().unwrap_or_default(),
                &new.token,
                &new.incident,
                &new.remedy,
                &new.accepts_fewer,
                &sealed,
                &digest.0,
                &now,
                &new.expires_at,
            ],
        )?;
        Ok((id, login_ticket))
    }

    /// Asks for a login in an operator's name. Returns its link.
    pub fn open_login_for_operator(
        &self,
        new: &NewLogin,
        public_url: &str,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<(LoginId, String), Error> {
        let (id, login_ticket) = self.open_login(new, now)?;
        let event = Event::LoginOpened {
            login: id,
            asked_by: asked_by.to_owned(),
        };
        self.record_event(&NewEvent::of_app(&new.app, event), now)?;
        Ok((id, link(public_url, &login_ticket)))
    }

    /// The link for the person whom an incident needs: the same in all its emails while it is valid.
    pub fn login_link_for(
        &self,
        incident: &Incident,
        public_url: &str,
        now: Timestamp,
    ) -> Result<String, Error> {
        let good_until = later(now, EMAIL_LINK_LEFT);
        let login_ticket = match self.reusable_ticket(incident.id, good_until)? {
            Some(login_ticket) => login_ticket,
            None => {
                let wanted = NewLogin {
                    app: incident.incident_key.app.clone(),
                    person: Some(incident.incident_key.subject.clone()),
                    token: None,
                    incident: Some(incident.id),
                    remedy: incident.cause.remedy(),
                    accepts_fewer: false,
                    expires_at: later(now, EMAIL_LINK),
                };
                self.open_login(&wanted, now)?.1
            }
        };
        Ok(link(public_url, &login_ticket))
    }

    /// Begins a click. This counts as a reaction, so that no one else is notified yet. Returns the state, which goes to
    /// Meta and comes back once.
    pub fn begin_attempt(
        &self,
        login: &Login,
        redirect_uri: Option<&str>,
        now: Timestamp,
    ) -> Result<Secret, Error> {
        self.drop_oldest_clicks(login.id)?;
        let state = random_id().map_err(|_| Error::NoRandomness)?;
        let result = self.result_of_state(&state);
        self.db.run(
            "INSERT INTO login_attempt (login, state_digest, result_digest, redirect_uri, phase,
                since, expires_at)
             VALUES (?1, ?2, ?3, ?4, 'begun', ?5, ?6)",
            &[
                &login.id,
                &self.sealer.digest(&state).0,
                &self.sealer.digest(&result).0,
                &redirect_uri.unwrap_or_default(),
                &now,
                &later(now, AT_METAS),
            ],
        )?;
        if let Some(person) = &login.wanted.person {
            self.record_reaction(&login.wanted.app, person)?;
        }
        Ok(state)
    }

    /// Removes the oldest clicks. A person who clicks again and again loses only earlier clicks and their outcomes.
    fn drop_oldest_clicks(&self, login: LoginId) -> Result<(), Error> {
        self.db.run(
            "DELETE FROM login_attempt WHERE id IN (SELECT id FROM (
                SELECT id, row_number() OVER (PARTITION BY phase ORDER BY id DESC) AS nth
                FROM login_attempt WHERE login = ?1 AND phase IN ('begun', 'ended')) clicks
             WHERE nth > ?2)",
            &[&login, &(CLICKS - 1)],
        )
    }

    /// Stores the code with which Meta sent the person back. Only the first answer to a click counts.
    pub fn answer_attempt(
        &self,
        attempt: &LoginAttempt,
        code: &Secret,
        now: Timestamp,
    ) -> Result<(), Error> {
        let row = attempt.id.0.to_string();
        let sealed = self
            .sealer
            .seal(code, cells::code(&row))
            .map_err(|_| Error::NoRandomness)?;
        let answered = self.db.changed(
            "UPDATE login_attempt SET phase = 'answered', code = ?2, since = ?3
             WHERE id = ?1 AND phase = 'begun' AND expires_at > ?3",
            &[&attempt.id, &sealed, &now],
        )?;
        if answered > 0 {
            let login = attempt.login;
            let event = NewEvent {
                app: self.login(login)?.map(|login| login.wanted.app),
                ..NewEvent::from(Event::LoginAnswered { login })
            };
            self.record_event(&event, now)?;
        }
        Ok(())
    }

    /// Claims the codes that Meta sent, for good: a claimed code is never tried again, even after a crash.
    pub fn take_answers(&self, apps: &[String], now: Timestamp) -> Result<Vec<ClaimedCode>, Error> {
        let waiting: Vec<(AttemptId, LoginId)> = self.db.all(
            "SELECT a.id, a.login FROM login_attempt a JOIN login l ON l.id = a.login
             WHERE a.phase = 'answered' AND l.app IN (SELECT value FROM json_each(?1))
             ORDER BY a.id LIMIT 100",
            &[&Texts(apps)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut claimed = Vec::new();
        for (attempt, login) in waiting {
            claimed.extend(self.take_answer(attempt, login, now)?);
        }
        Ok(claimed)
    }

    fn take_answer(
        &self,
        attempt: AttemptId,
        login: LoginId,
        now: Timestamp,
    ) -> Result<Option<ClaimedCode>, Error> {
        let (redirect_uri, sealed): (String, Option<Vec<u8>>) = self.db.one(
            "SELECT redirect_uri, code FROM login_attempt WHERE id = ?1",
            &[&attempt],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.db.run(
            "UPDATE login_attempt SET phase = 'claimed', code = NULL, since = ?2 WHERE id = ?1",
            &[&attempt, &now],
        )?;
        let row = attempt.0.to_string();
        let code = sealed.and_then(|sealed| self.sealer.open(&sealed, cells::code(&row)).ok());
        let (Some(code), Some(login)) = (code, self.login(login)?) else {
            return Ok(None);
        };
        Ok(Some(ClaimedCode {
            attempt,
            login,
            redirect_uri: Some(redirect_uri).filter(|uri| !uri.is_empty()),
            code,
        }))
    }

    /// Records the outcome of a click. The first outcome stays.
    pub fn end_attempt(
        &self,
        attempt: AttemptId,
        ending: &Ending,
        now: Timestamp,
    ) -> Result<(), Error> {
        let ended = self.db.changed(
            "UPDATE login_attempt SET phase = 'ended', code = NULL, ending = ?2, since = ?3
             WHERE id = ?1 AND phase <> 'ended'",
            &[&attempt, &Json(ending), &now],
        )?;
        if ended == 0 {
            return Ok(());
        }
        let (login, app): (_, String) = self.db.one(
            "SELECT l.id, l.app FROM login_attempt a JOIN login l ON l.id = a.login WHERE a.id = ?1",
            &[&attempt],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let (outcome, token, code) = match ending {
            Ending::Granted(granted) => (LoginOutcome::Granted, Some(granted.token.clone()), None),
            Ending::WrongPerson { .. } => (LoginOutcome::WrongPerson, None, None),
            Ending::Failed { why, code } => (LoginOutcome::Failed(*why), None, *code),
        };
        let event = Event::LoginEnded(LoginEnd {
            login,
            outcome,
            token,
            code,
        });
        self.record_event(&NewEvent::of_app(&app, event), now)
            .map(drop)
    }
}

/// The link to a login.
fn link(public_url: &str, login_ticket: &Secret) -> String {
    format!("{public_url}/login/{}", login_ticket.expose())
}
