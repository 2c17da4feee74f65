//! Liveness, and readiness: every due token visited lately, mail and disk working.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::readiness::reasons_not_ready;
use crate::api::state::SharedAppState;
use crate::api::types::{Problem, ProblemType};

/// Says that the daemon is alive, but not whether it does its work.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Object)))]
pub(in crate::api) async fn healthz() -> Json<Value> {
    Json(json!({ "alive": true }))
}

/// Says whether every due token was visited lately and mail and disk work; if not, why.
#[utoipa::path(
    get, path = "/readyz",
    responses((status = 200, body = Object), (status = 503, body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::api) async fn readyz(
    State(app_state): SharedAppState,
) -> Result<Json<Value>, Problem> {
    let figures = app_state.backend.inventory.figures();
    let reasons = reasons_not_ready(&app_state.daemon_status_now(), &figures, app_state.now());
    if reasons.is_empty() {
        return Ok(Json(json!({ "ready": true })));
    }
    let problem = Problem::new(
        ProblemType::NotReady,
        "the daemon is not doing all of its work",
    );
    Err(problem.with_problems(reasons))
}
