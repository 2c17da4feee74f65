//! Imports a token. The import checks only whether the value can be a token; the next sweep asks Meta what it is.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use jiff::Timestamp;

use super::tokens::with_parent;
use super::validity::Stated;
use crate::api::problem_response::JobError;
use crate::api::request::{Operator, Sent, no_such_token};
use crate::api::state::{AppState, SharedAppState};
use crate::api::types::{ImportRequest, Problem, ProblemType, TokenView, plausible};
use crate::inventory::{Imported, NewToken, Tx};
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
    let stated = Stated {
        name: request.name.as_deref(),
        owners: &request.owners,
        require_scopes: &request.require_scopes,
    };
    let mut wrong = stated.errors();
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
