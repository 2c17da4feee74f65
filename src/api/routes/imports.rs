//! Imports a token. The import checks only whether the value can be a token; the next sweep asks Meta what it is.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use jiff::Timestamp;

use super::tokens::with_parent;
use crate::api::problem_response::JobError;
use crate::api::request::{Operator, Sent, no_such_token};
use crate::api::state::{AppState, SharedAppState};
use crate::api::types::{ImportRequest, Problem, ProblemType, TokenView, plausible};
use crate::inventory::{Imported, NewToken, Tx, name_is_valid};
use crate::model::{Event, NewEvent, OrderKind, Scopes, TokenId};

/// Imports a token. It is `unverified` until the next sweep has asked Meta. Importing the same token again changes
/// nothing.
#[utoipa::path(
    post, path = "/v1/tokens", request_body = ImportRequest,
    responses(
        (status = 201, body = TokenView, headers(("Location" = String))),
        (status = 200, body = TokenView, description = "The token was there already"),
    )
)]
pub(in crate::api) async fn import(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Sent(request): Sent<ImportRequest>,
) -> Result<impl IntoResponse, Problem> {
    let entry = Entry::new(request, &app_state)?;
    let now = app_state.now();
    let (status, token) = app_state
        .order(move |tx| {
            let stored = import_token(tx, &entry, &asked_by, now)?;
            let token = tx.token(stored.id)?.ok_or_else(no_such_token)?;
            Ok((stored.status, with_parent(tx, token)?))
        })
        .await?;
    let location = format!("/v1/tokens/{}", token.name);
    Ok((
        status,
        AppendHeaders([(header::LOCATION, location)]),
        Json(token),
    ))
}

/// A token to import, as far as it can be checked without the inventory.
pub(super) struct Entry {
    new: NewToken,
    /// Also import the pages that it reaches.
    discover: bool,
}

/// A token that is in the inventory after its import.
pub(super) struct Stored {
    /// 201 if it was added, 200 if it was there already.
    pub(super) status: StatusCode,
    pub(super) name: String,
    id: TokenId,
}

impl Entry {
    pub(super) fn new(request: ImportRequest, app_state: &AppState) -> Result<Self, Problem> {
        if !app_state.has_app(&request.app) {
            return Err(unknown_app());
        }
        Ok(Self {
            discover: request.discover,
            new: checked(request)?,
        })
    }
}

fn unknown_app() -> Problem {
    Problem::new(
        ProblemType::UnknownApp,
        "there is no [[app]] of this name in the configuration. Add it to perennial.toml and reload, or see the names: \
         perennial status",
    )
}

/// Converts the request for the inventory, or returns everything that is wrong with it.
fn checked(request: ImportRequest) -> Result<NewToken, Problem> {
    let mut wrong = errors(&request);
    let secret = plausible(&request.access_token).map_err(|error| wrong.push(error.to_owned()));
    let (Ok(secret), true) = (secret, wrong.is_empty()) else {
        let problem = Problem::new(ProblemType::Invalid, "this token cannot be imported");
        return Err(problem.with_problems(wrong));
    };
    Ok(NewToken {
        app: request.app,
        name: request.name,
        secret,
        owners: request.owners,
        required_scopes: request.require_scopes.iter().collect::<Scopes>(),
        parent: None,
        subject_name: None,
    })
}

/// Every owner gets emails.
const MOST_OWNERS: usize = 20;
const MOST_SCOPES: usize = 100;

/// Lists what is wrong with the request, except for the token itself.
fn errors(request: &ImportRequest) -> Vec<String> {
    let name_is_well = request.name.as_deref().is_none_or(name_is_valid);
    let owners_are_well = request.owners.iter().all(|owner| is_mail_address(owner));
    let scopes_are_well = request.require_scopes.iter().all(|scope| is_scope(scope));
    [
        (
            name_is_well,
            "name must have 1 to 100 letters, digits, dashes, dots or underscores, and must not begin with a dash or \
             a dot",
        ),
        (owners_are_well, "owners must be email addresses such as ada@example.com"),
        (request.owners.len() <= MOST_OWNERS, "owners may be at most 20. Use the address of a group"),
        (request.require_scopes.len() <= MOST_SCOPES, "require_scopes may be at most 100"),
        (scopes_are_well, "require_scopes must be names of permissions such as pages_messaging"),
    ]
    .into_iter()
    .filter(|(is_well, _)| !is_well)
    .map(|(_, error)| error.to_owned())
    .collect()
}

/// True if an email to this address can be tried; only the mail server knows whether it arrives.
pub(super) fn is_mail_address(text: &str) -> bool {
    let plain = text.len() <= 254 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let ends = text.split_once('@');
    plain
        && ends
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains([',', ';', '<', '>', '"'])
}

fn is_scope(text: &str) -> bool {
    let plain = |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
}

/// Stores a token, and records who imported it if it is new.
pub(super) fn import_token(
    tx: &Tx<'_>,
    Entry { new, discover }: &Entry,
    asked_by: &str,
    now: Timestamp,
) -> Result<Stored, JobError> {
    let (status, id, name) = match tx.import(new, now)? {
        Imported::Added { id, name } => (StatusCode::CREATED, id, name),
        Imported::Known { id, name } => (StatusCode::OK, id, name),
        Imported::NameTaken { name } => return Err(name_in_use(&name).into()),
    };
    if status == StatusCode::CREATED {
        let asked_by = asked_by.to_owned();
        let event = NewEvent {
            token: Some(id),
            name: Some(name.clone()),
            ..NewEvent::of_app(&new.app, Event::Imported { asked_by })
        };
        tx.record_event(&event, now)?;
    }
    if *discover {
        let token = tx.token(id)?.ok_or_else(no_such_token)?;
        tx.order(&token, OrderKind::Discover, asked_by, now)?;
    }
    Ok(Stored { status, name, id })
}

fn name_in_use(name: &str) -> Problem {
    Problem::new(
        ProblemType::NameTaken,
        format!(
            "another token has the name {name}. Choose another name, or give that token the new secret with PUT \
             /v1/tokens/{name}/secret"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_plausible_mail_addresses() {
        for (text, expected) in [
            ("ada@example.com", true),
            ("ada+bot@sub.example.com", true),
            ("ada", false),
            ("@example.com", false),
            ("ada@", false),
            ("ada@b@c", false),
            ("ada@example.com\r\nBcc: eve@example.com", false),
            ("ada @example.com", false),
            ("Ada <ada@example.com>", false),
            ("ada@example.com,eve@example.com", false),
            ("", false),
        ] {
            assert_eq!(is_mail_address(text), expected, "{text:?}");
        }
    }

    #[test]
    fn scopes_are_names_of_permissions() {
        for (text, expected) in [
            ("pages_messaging", true),
            ("instagram_business_basic2", true),
            ("pages messaging", false),
            ("", false),
            ("Pages", false),
        ] {
            assert_eq!(is_scope(text), expected, "{text:?}");
        }
    }
}
