//! The only way for a secret to leave the daemon: to users whom the settings name, and recorded before it is sent, in
//! the journal or, while that cannot be written, in memory and in the log.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::secret_reading::Reading;
use crate::api::request::{Asked, Asker, Name, Operator, Sent};
use crate::api::state::SharedAppState;
use crate::api::types::{
    Accepted, CandidateRequest, Problem, ProblemType, SecretQuery, SecretView, plausible,
};
use crate::inventory::NewVersion;
use crate::model::{Event, NewEvent};

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
    let request = Arc::new(reading);
    let asked = Arc::clone(&request);
    let in_inventory = app_state.read(move |view| asked.carry_out(view, now));
    let read = request.answer(&app_state, in_inventory, now).await?;
    if let Some(access) = read.access {
        app_state.count_access(access, now).await;
    }
    if let Some((token, version)) = read.new_to_peer {
        let consumer = request.peer.account.user.clone();
        let seen = app_state.write(move |tx| tx.record_seen(token, &consumer, version, now));
        // Secrets are served while nothing can be written. The next request of the peer records it.
        if let Err(error) = seen.await {
            tracing::debug!("the version that a consumer was given could not be recorded: {error}");
        }
    }
    let secret = read.outcome?;
    Ok(Json(SecretView {
        name: request.name.clone(),
        version: secret.version,
        expires_at: secret.expires_at.at(),
        access_token: secret.secret,
    }))
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
