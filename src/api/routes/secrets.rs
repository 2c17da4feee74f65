//! The only way for a secret to leave the daemon: to users whom the settings name, and recorded before it is sent, in
//! the journal or, while that cannot be written, in memory and in the log.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};

use crate::api::access_log::Access;
use crate::api::peer::Peer;
use crate::api::request::{Asked, Asker, Name, Operator, Sent, no_such_token};
use crate::api::state::SharedAppState;
use crate::api::types::{
    Accepted, CandidateRequest, Problem, ProblemType, SecretQuery, SecretView, plausible,
};
use crate::inventory::{Error, NewVersion, SecretReading, View};
use crate::model::{Event, Expiry, NewEvent, State as TokenState, Token, TokenId};

/// Returns the secret in use to a peer that a `[[status.reader]]` permits.
#[utoipa::path(
    get, path = "/v1/tokens/{name}/secret", params(("name" = String, Path), SecretQuery),
    responses((status = 200, body = SecretView))
)]
pub(in crate::api) async fn read(
    Asker { peer, roles }: Asker,
    State(app_state): SharedAppState,
    Name(name): Name,
    Asked(query): Asked<SecretQuery>,
) -> Result<Json<SecretView>, Problem> {
    let now = app_state.now();
    let reading = Reading {
        permitted: roles.may_read(&name),
        wanted: query.min_remaining.map(|span| span.duration()),
        version: query.version,
        peer,
        name,
    };
    let consumer = reading.peer.account.user.clone();
    let read = app_state
        .read(move |view| reading.carry_out(view, now))
        .await?;
    if let Some(access) = read.access {
        app_state.count_access(access, now).await;
    }
    if let Some((token, version)) = read.new_to_peer {
        let seen = app_state.write(move |tx| tx.record_seen(token, &consumer, version, now));
        // Secrets are served while nothing can be written. The next request of the peer records it.
        if let Err(error) = seen.await {
            tracing::debug!("the version that a consumer was given could not be recorded: {error}");
        }
    }
    read.outcome.map(Json)
}

struct Reading {
    peer: Peer,
    name: String,
    permitted: bool,
    /// How long the secret must still be valid.
    wanted: Option<SignedDuration>,
    /// The version, if it is not the one in use.
    version: Option<u32>,
}

/// What a request led to: the answer, its record, and a version that the peer has for the first time.
struct Read {
    outcome: Outcome,
    access: Option<Access>,
    new_to_peer: Option<(TokenId, u32)>,
}

type Outcome = Result<SecretView, Problem>;

impl Reading {
    /// Returns the answer and the record of it. There is no record when a permitted peer asks for a missing token.
    fn carry_out(&self, view: &View<'_>, now: Timestamp) -> Result<Read, Error> {
        let token = view.token_named(&self.name)?;
        let outcome = self.outcome(view, token.as_ref(), now)?;
        let access = match (&outcome, &token) {
            (Ok(secret), Some(token)) => Some(Access::read(&self.peer, token, secret.version)),
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
        Ok(Read {
            outcome,
            access,
            new_to_peer,
        })
    }

    fn has_seen(&self, view: &View<'_>, token: &Token, secret: &SecretView) -> Result<bool, Error> {
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
        Ok(
            check_remaining(&reading, self.wanted, now).map(|()| SecretView {
                name: token.name.clone(),
                version: reading.version,
                expires_at: reading.expires_at.at(),
                access_token: reading.secret,
            }),
        )
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

/// Stores a candidate beside the current secret. The next sweep asks Meta, and swaps it in for the same app, kind and
/// subject, or refuses it with an event that says why.
#[utoipa::path(
    put, path = "/v1/tokens/{name}/secret", params(("name" = String, Path)),
    request_body = CandidateRequest,
    responses(
        (status = 202, body = Accepted),
        (status = 200, body = Object, description = "This secret is in use already"),
    )
)]
pub(in crate::api) async fn add_candidate(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    name: Name,
    Sent(request): Sent<CandidateRequest>,
) -> Result<Response, Problem> {
    let secret = plausible(&request.access_token)
        .map_err(|reason| Problem::new(ProblemType::Invalid, reason))?;
    let now = app_state.now();
    app_state
        .order(move |tx| {
            let token = name.token(tx)?;
            match tx.store_candidate(&token, &secret, now)? {
                NewVersion::Kept => {
                    let event = Event::CandidateKept {
                        asked_by,
                        login: None,
                    };
                    let event = NewEvent::about(&token, event);
                    let accepted = Accepted::from(tx.record_event(&event, now)?);
                    Ok((StatusCode::ACCEPTED, Json(accepted)).into_response())
                }
                NewVersion::AlreadyInUse => Ok(Json(serde_json::json!({})).into_response()),
                NewVersion::HeldByAnother => Err(held_by_another().into()),
            }
        })
        .await
}

fn held_by_another() -> Problem {
    Problem::new(
        ProblemType::HeldByAnother,
        "another token in the inventory has the same secret. Compare the fingerprints: perennial tokens --json",
    )
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
