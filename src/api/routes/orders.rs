//! Orders: stored as rows in the inventory for the next sweep to carry out. Nothing here waits for Meta.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::request::{Name, Operator};
use crate::api::state::{AppState, SharedAppState};
use crate::api::types::{Accepted, Problem, ProblemType};
use crate::model::OrderKind;

type Filed = Result<(StatusCode, Json<Accepted>), Problem>;

/// Checks the token with Meta now, whatever its own back-off says. While no call can be made for its app, an
/// `order_refused` event says why and until when.
#[utoipa::path(
    post, path = "/v1/tokens/{name}/check", params(("name" = String, Path)),
    responses((status = 202, body = Accepted))
)]
pub(in crate::api) async fn check(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    name: Name,
) -> Filed {
    file(&app_state, name, OrderKind::Check, asked_by).await
}

/// Exchanges the token now, and measures whether its expiry moved. If it was exchanged within the last 24 hours, or no call
/// can be made for its app, an event says when to try again.
#[utoipa::path(
    post, path = "/v1/tokens/{name}/rotate", params(("name" = String, Path)),
    responses((status = 202, body = Accepted))
)]
pub(in crate::api) async fn rotate(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    name: Name,
) -> Filed {
    file(&app_state, name, OrderKind::Rotate, asked_by).await
}

/// Restores the previous secret, if Meta still confirms it.
#[utoipa::path(
    post, path = "/v1/tokens/{name}/rollback", params(("name" = String, Path)),
    responses((status = 202, body = Accepted))
)]
pub(in crate::api) async fn rollback(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    name: Name,
) -> Filed {
    file(&app_state, name, OrderKind::Rollback, asked_by).await
}

async fn file(app_state: &AppState, name: Name, order: OrderKind, asked_by: String) -> Filed {
    let now = app_state.now();
    let event = app_state
        .order(move |tx| {
            let token = name.token(tx)?;
            if order == OrderKind::Rollback && tx.recall_previous(&token, now)?.is_none() {
                return Err(no_previous_version().into());
            }
            Ok(tx.order(&token, order, &asked_by, now)?)
        })
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted::from(event))))
}

fn no_previous_version() -> Problem {
    Problem::new(
        ProblemType::NoPreviousVersion,
        "no earlier secret of this token is left. Offer one with PUT /v1/tokens/{name}/secret",
    )
}
