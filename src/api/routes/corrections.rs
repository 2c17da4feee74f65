//! Corrects what an operator has said about a token: its name, its owners, the permissions that it needs.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;

use super::tokens::with_parent;
use super::validity::Stated;
use crate::api::problem_response::JobError;
use crate::api::request::{Name, Operator, Sent, no_such_token};
use crate::api::state::SharedAppState;
use crate::api::types::{CorrectionRequest, Problem, ProblemType, TokenView};
use crate::inventory::Tx;
use crate::model::{Scopes, Token};

/// Corrects a token. What the request leaves out stays as it is. A renamed token keeps its history, its page tokens and
/// its incidents. Other required permissions make it due.
#[utoipa::path(
    patch, path = "/v1/tokens/{name}", params(("name" = String, Path)),
    request_body = CorrectionRequest, responses((status = 200, body = TokenView))
)]
pub(in crate::api) async fn correct(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    name: Name,
    Sent(request): Sent<CorrectionRequest>,
) -> Result<Json<TokenView>, Problem> {
    check(&request)?;
    let now = app_state.now();
    let corrected = app_state.order(move |tx| {
        let token = name.token(tx)?;
        let id = token.id;
        apply(tx, token, &request, &asked_by, now)?;
        let corrected = tx.token(id)?.ok_or_else(no_such_token)?;
        Ok(with_parent(tx, corrected)?)
    });
    corrected.await.map(Json)
}

fn check(request: &CorrectionRequest) -> Result<(), Problem> {
    let stated = Stated {
        name: request.name.as_deref(),
        owners: request.owners.as_deref().unwrap_or_default(),
        require_scopes: request.require_scopes.as_deref().unwrap_or_default(),
    };
    let wrong = stated.errors();
    if wrong.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(ProblemType::Invalid, "nothing was changed");
    Err(problem.with_problems(wrong))
}

/// The name comes first, because only that can be refused, and then nothing is to be changed.
fn apply(
    tx: &Tx<'_>,
    mut token: Token,
    request: &CorrectionRequest,
    asked_by: &str,
    now: Timestamp,
) -> Result<(), JobError> {
    if let Some(name) = &request.name {
        let renamed = tx.rename(&token, name, asked_by, now)?;
        token = renamed.ok_or_else(|| name_in_use(name))?;
    }
    if let Some(owners) = &request.owners {
        tx.set_owners(&token, owners, asked_by, now)?;
    }
    if let Some(scopes) = &request.require_scopes {
        let required = scopes.iter().collect::<Scopes>();
        tx.set_required_scopes(&token, &required, asked_by, now)?;
    }
    Ok(())
}

fn name_in_use(name: &str) -> Problem {
    Problem::new(
        ProblemType::NameTaken,
        format!("another token has the name {name}. Nothing was changed; choose another name"),
    )
}
