//! The consumers of a token: they confirm which version they use, and an operator retires them.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::peer::Peer;
use crate::api::request::{Asker, Name, NameAndConsumer, Operator, Sent};
use crate::api::state::SharedAppState;
use crate::api::types::{InUseRequest, Problem, ProblemType};
use crate::inventory::{Confirmed, Error, Tx};
use crate::model::{Event, NewEvent, Token};

/// Longer than any user's name, and shorter than a token that was pasted in the wrong place.
const LONGEST_NAME: usize = 64;

/// A consumer confirms the version that it uses now: whoever may read the token for itself, an operator for anyone. A
/// user who reads the files of a sink confirms for the sink as well.
#[utoipa::path(
    post, path = "/v1/tokens/{name}/in-use", params(("name" = String, Path)),
    request_body = InUseRequest, responses((status = 204))
)]
pub(in crate::api) async fn in_use(
    asker: Asker,
    State(app_state): SharedAppState,
    name: Name,
    Sent(request): Sent<InUseRequest>,
) -> Result<StatusCode, Problem> {
    let (now, asked_by) = (app_state.now(), asker.peer.to_string());
    let consumers = consumers(&asker, &app_state.settings.borrow(), &name.0, &request)?;
    let version = request.version;
    let confirm = app_state.transact(move |tx| {
        let token = name.token(tx)?;
        for consumer in consumers {
            match confirm(tx, &token, &consumer, version, &asked_by, now)? {
                Confirmed::Recorded => {}
                Confirmed::NoSuchVersion => return Err(no_such_version(&token).into()),
            }
        }
        Ok(StatusCode::NO_CONTENT)
    });
    confirm.await
}

fn confirm(
    tx: &Tx<'_>,
    token: &Token,
    consumer: &str,
    version: u32,
    asked_by: &str,
    now: jiff::Timestamp,
) -> Result<Confirmed, Error> {
    let before = tx.consumers(token.id)?;
    let known = before.iter().find(|known| known.name == consumer);
    let is_repeated = known
        .and_then(|known| known.in_use)
        .map(|used| used.version)
        == Some(version);
    let confirmed = tx.confirm_use(token, consumer, version, now)?;
    if confirmed == Confirmed::Recorded && !is_repeated {
        let event = Event::InUse {
            consumer: consumer.to_owned(),
            version,
            asked_by: asked_by.to_owned(),
        };
        tx.record_event(&NewEvent::about(token, event), now)?;
    }
    Ok(confirmed)
}

/// Who is confirmed by this request.
fn consumers(
    asker: &Asker,
    settings: &crate::api::Settings,
    token: &str,
    request: &InUseRequest,
) -> Result<Vec<String>, Problem> {
    let user = &asker.peer.account.user;
    let of_files = settings.sinks_read_by(&asker.peer, token);
    match &request.consumer {
        Some(other) if other != user => {
            if !asker.roles.operator {
                return Err(not_permitted(&asker.peer, "confirm for another consumer"));
            }
            if !is_name(other) {
                let detail = format!(
                    "consumer: expected a name of at most {LONGEST_NAME} characters, without spaces"
                );
                return Err(Problem::new(ProblemType::Invalid, detail));
            }
            Ok(vec![other.clone()])
        }
        Some(_) | None if asker.roles.may_read(token) || !of_files.is_empty() => {
            let mut all = vec![user.clone()];
            all.extend(of_files.into_iter().filter(|sink| sink != user));
            Ok(all)
        }
        Some(_) | None => Err(not_permitted(&asker.peer, "confirm the use of this token")),
    }
}

fn is_name(name: &str) -> bool {
    // The last is no white space to Rust, but to JavaScript and the OpenAPI document.
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '\u{feff}';
    (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(is_odd)
}

fn not_permitted(peer: &Peer, what: &str) -> Problem {
    let user = &peer.account.user;
    let detail = format!(
        "the user {user} may not {what}. To permit it, add a [[status.reader]] for the token, or operators under [status]"
    );
    Problem::new(ProblemType::NotPermitted, detail)
}

fn no_such_version(token: &Token) -> Problem {
    let detail = format!(
        "version: {} has the versions 1 to {}",
        token.name, token.version
    );
    Problem::new(ProblemType::NoSuchVersion, detail)
}

/// Retires a consumer: nobody waits for it any more. If it fetches the token again, it is back.
#[utoipa::path(
    delete, path = "/v1/tokens/{name}/consumers/{consumer}",
    params(("name" = String, Path), ("consumer" = String, Path)), responses((status = 204))
)]
pub(in crate::api) async fn retire(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    NameAndConsumer(name, consumer): NameAndConsumer,
) -> Result<StatusCode, Problem> {
    let now = app_state.now();
    let retire = app_state.transact(move |tx| {
        let token = name.token(tx)?;
        if !tx.retire_consumer(token.id, &consumer, now)? {
            let detail = format!(
                "this is no consumer of the token. See who is: perennial consumers {}",
                token.name
            );
            return Err(Problem::new(ProblemType::NoSuchConsumer, detail).into());
        }
        let event = Event::ConsumerRetired { consumer, asked_by };
        tx.record_event(&NewEvent::about(&token, event), now)?;
        Ok(StatusCode::NO_CONTENT)
    });
    retire.await
}
