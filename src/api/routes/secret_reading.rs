//! What a request for a secret leads to: the answer, and the record of it.

use std::pin::pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use crate::api::access_log::{Access, Accessed};
use crate::api::peer::Peer;
use crate::api::recent_secrets::Recent;
use crate::api::request::no_such_token;
use crate::api::state::AppState;
use crate::api::types::{Problem, ProblemType};
use crate::inventory::{Error, SecretReading, View, WriteErrorKind};
use crate::model::{Expiry, Span, State as TokenState, Token, TokenId};

/// Programs that read a secret wait for a few seconds, and a server behind a network that is cut off for longer.
const SOON: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Reading {
    pub(super) peer: Peer,
    pub(super) name: String,
    pub(super) permitted: bool,
    /// How long the secret must still be valid.
    pub(super) wanted: Option<SignedDuration>,
    /// The version, if it is not the one in use.
    pub(super) version: Option<u32>,
}

/// What a request led to: the answer, its record, and a version that the peer has for the first time.
pub(super) struct Read {
    pub(super) outcome: Outcome,
    pub(super) access: Option<Access>,
    pub(super) new_to_peer: Option<(TokenId, u32)>,
    /// The token, if the answer is the secret in use.
    pub(super) in_use: Option<Accessed>,
}

pub(super) type Outcome = Result<SecretReading, Problem>;

impl Reading {
    /// Returns the answer and the record of it. There is no record when a permitted peer asks for a missing token.
    pub(super) fn carry_out(&self, view: &View<'_>, now: Timestamp) -> Result<Read, Error> {
        let token = view.token_named(&self.name)?;
        let outcome = self.outcome(view, token.as_ref(), now)?;
        let access = match (&outcome, &token) {
            (Ok(secret), Some(token)) => {
                Some(Access::read(&self.peer, token.into(), secret.version))
            }
            (Ok(_), None) => None,
            (Err(problem), _) if problem.is(ProblemType::NoSuchToken) => None,
            (Err(problem), token) => {
                Some(Access::refused(&self.peer, token.as_ref(), &problem.title))
            }
        };
        let given = outcome.as_ref().ok().zip(token.as_ref());
        let new_to_peer = match given {
            Some((secret, token)) if !self.has_seen(view, token, secret)? => {
                Some((token.id, secret.version))
            }
            Some(_) | None => None,
        };
        let in_use = given.filter(|(secret, token)| secret.version == token.version);
        let in_use = in_use.map(|(_, token)| Accessed::from(token));
        Ok(Read {
            outcome,
            access,
            new_to_peer,
            in_use,
        })
    }

    /// What the inventory answers, or what is in memory while its server does not answer, or not soon.
    pub(super) async fn answer(
        &self,
        app_state: &AppState,
        in_inventory: impl Future<Output = Result<Read, Error>>,
        now: Timestamp,
    ) -> Result<Read, Problem> {
        let mut in_inventory = pin!(in_inventory);
        let answered = match timeout(SOON, &mut in_inventory).await {
            Ok(answered) => answered,
            Err(_) => match self.in_memory(app_state, now) {
                Some(recent) => return self.serve(recent, now),
                None => in_inventory.await,
            },
        };
        match answered {
            Ok(read) => {
                self.remember(app_state, &read, now);
                Ok(read)
            }
            Err(error) if error.write_error_kind() == Some(WriteErrorKind::Unreachable) => {
                match self.in_memory(app_state, now) {
                    Some(recent) => self.serve(recent, now),
                    None => Err(self.not_in_memory(app_state, error)),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the secret in use, or forgets the one of a token that is gone or dead.
    fn remember(&self, app_state: &AppState, read: &Read, now: Timestamp) {
        let recent = &app_state.recent_secrets;
        match (&read.outcome, &read.in_use) {
            (Ok(secret), Some(token)) => {
                let window = app_state.settings.borrow().serve_from_memory;
                recent.keep(token.clone(), secret, now, window);
            }
            (Err(problem), _)
                if [ProblemType::NoSuchToken, ProblemType::TokenDead]
                    .into_iter()
                    .any(|kind| problem.is(kind)) =>
            {
                recent.forget(&self.name);
            }
            (Ok(_) | Err(_), _) => {}
        }
    }

    /// The secret that was in use when a permitted peer last read it.
    fn in_memory(&self, app_state: &AppState, now: Timestamp) -> Option<Recent> {
        let window = app_state.settings.borrow().serve_from_memory;
        let recent = app_state.recent_secrets.find(&self.name, now, window)?;
        let is_wanted = self
            .version
            .is_none_or(|number| number == recent.reading.version);
        (self.permitted && is_wanted).then_some(recent)
    }

    fn serve(&self, recent: Recent, now: Timestamp) -> Result<Read, Problem> {
        let Recent { token, reading, .. } = recent;
        tracing::debug!("the secret of {} is served from memory", self.name);
        check_remaining(&reading, self.wanted, now)?;
        Ok(Read {
            access: Some(Access::read(&self.peer, token, reading.version)),
            outcome: Ok(reading),
            new_to_peer: None,
            in_use: None,
        })
    }

    /// A peer that may not read the secret does not learn whether someone else did.
    fn not_in_memory(&self, app_state: &AppState, error: Error) -> Problem {
        let unavailable = Problem::from(error);
        if !self.permitted {
            return unavailable;
        }
        let window = Span::from(app_state.settings.borrow().serve_from_memory);
        let detail = format!(
            "the inventory's database server does not answer, and this secret was not read within the last {window} \
             ([inventory] serve_from_memory), so it is not in memory either. The daemon keeps trying. See the log: \
             journalctl -u perennial"
        );
        Problem::new(ProblemType::InventoryUnavailable, detail)
    }

    fn has_seen(
        &self,
        view: &View<'_>,
        token: &Token,
        secret: &SecretReading,
    ) -> Result<bool, Error> {
        view.has_seen(token.id, &self.peer.account.user, secret.version)
    }

    /// A peer that may not read the secret does not learn whether the token exists.
    fn outcome(
        &self,
        view: &View<'_>,
        token: Option<&Token>,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        if !self.permitted {
            return Ok(Err(not_permitted(&self.peer, &self.name)));
        }
        let Some(token) = token else {
            return Ok(Err(no_such_token()));
        };
        let reading = match self.version.filter(|number| *number != token.version) {
            Some(number) => view.earlier_secret_of(token, number)?,
            None => view.secret_of(token)?,
        };
        let Some(reading) = reading else {
            return Ok(Err(no_such_version(token)));
        };
        Ok(check_remaining(&reading, self.wanted, now).map(|()| reading))
    }
}

fn no_such_version(token: &Token) -> Problem {
    let detail = format!(
        "this version of {} is not kept, or never was. The one in use has the number {}",
        token.name, token.version
    );
    Problem::new(ProblemType::NoSuchVersion, detail)
}

fn not_permitted(peer: &Peer, name: &str) -> Problem {
    let user = &peer.account.user;
    Problem::new(
        ProblemType::NotPermitted,
        format!(
            "the user {user} may not read the secret of {name}. To permit it, add to perennial.toml and reload: \
             [[status.reader]] user = \"{user}\" tokens = [\"{name}\"]"
        ),
    )
}

/// Refuses a secret that is dead, or valid for less time than the reader wants.
fn check_remaining(
    reading: &SecretReading,
    wanted: Option<SignedDuration>,
    now: Timestamp,
) -> Result<(), Problem> {
    if reading.state == TokenState::Dead {
        let detail = "Meta refuses this token for good, so its secret is of no use. See who can help: \
                      perennial incidents";
        return Err(Problem::new(ProblemType::TokenDead, detail));
    }
    let Some(wanted) = wanted else {
        return Ok(());
    };
    match reading.expires_at {
        Expiry::Never => Ok(()),
        Expiry::At(end) if end >= now + wanted => Ok(()),
        Expiry::At(end) => Err(Problem::new(
            ProblemType::TooLittleLife,
            format!("the secret expires at {end}, sooner than you asked for"),
        )),
        Expiry::Unknown => Err(Problem::new(
            ProblemType::ExpiryUnknown,
            "Meta has not said yet when this secret expires. Ask again after the next check, or without min_remaining",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_secret_with_too_little_life_is_not_handed_out() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let hours = SignedDuration::from_hours;
        let at = |hours_left| Expiry::At(now + hours(hours_left));
        for (state, expires_at, wanted, denial) in [
            (TokenState::Healthy, at(12), None, None),
            (TokenState::Healthy, at(12), Some(hours(12)), None),
            (
                TokenState::Healthy,
                at(11),
                Some(hours(12)),
                Some(ProblemType::TooLittleLife),
            ),
            (TokenState::Healthy, Expiry::Never, Some(hours(9999)), None),
            (TokenState::Failing, at(24), Some(hours(12)), None),
            (TokenState::Unverified, Expiry::Unknown, None, None),
            (
                TokenState::Unverified,
                Expiry::Unknown,
                Some(hours(0)),
                Some(ProblemType::ExpiryUnknown),
            ),
            (
                TokenState::Dead,
                Expiry::Never,
                None,
                Some(ProblemType::TokenDead),
            ),
            (
                TokenState::Dead,
                at(99),
                Some(hours(1)),
                Some(ProblemType::TokenDead),
            ),
        ] {
            let reading = SecretReading {
                secret: Secret::new("EAAcanary"),
                version: 1,
                state,
                expires_at,
            };
            let problem = check_remaining(&reading, wanted, now).err();
            assert_eq!(
                problem.map(|problem| problem.kind),
                denial.map(|kind| kind.urn().to_owned()),
                "{state} {expires_at:?} {wanted:?}"
            );
        }
    }
}
