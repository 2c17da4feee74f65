//! Controls the simulator over HTTP: JSON under `/sim/`, for tests in any language. Faults do not affect these calls.

mod call_log;
mod clock;
mod create;
mod extract;
mod faults;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{delete, get, post, put};
use serde_json::{Value, json};

use super::simulator::Simulator;
use super::world::WorldError;

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/clock", get(clock::read).post(clock::set))
        .route("/apps", post(create::app))
        .route("/people", post(create::person))
        .route("/pages", post(create::page))
        .route("/system_users", post(create::system_user))
        .route("/businesses", post(create::business))
        .route("/whatsapp_accounts", post(create::whatsapp_account))
        .route("/codes", post(create::code))
        .route("/tokens", post(create::token).get(create::truth))
        .route("/fleet", get(create::importables).post(create::fleet))
        .route("/actions", post(faults::happen))
        .route(
            "/faults",
            get(faults::faults)
                .post(faults::inject)
                .merge(delete(faults::heal)),
        )
        .route("/outage", put(faults::outage))
        .route(
            "/throttles",
            post(faults::throttle).merge(delete(faults::unthrottle)),
        )
        .route("/paging_host", put(faults::paging_host))
        .route(
            "/ledger",
            get(call_log::read).merge(delete(call_log::clear)),
        )
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
}

async fn unknown() -> Refused {
    Refused(StatusCode::NOT_FOUND, "no such call".to_owned())
}

async fn not_allowed() -> Refused {
    Refused(
        StatusCode::METHOD_NOT_ALLOWED,
        "no such method of this call".to_owned(),
    )
}

/// A request that could not be read or that the world rejected, with the reason.
#[derive(Debug)]
pub(super) struct Refused(StatusCode, String);

impl From<WorldError> for Refused {
    fn from(rejection: WorldError) -> Self {
        let status = match rejection {
            WorldError::Unknown { .. } | WorldError::UnknownToken => StatusCode::NOT_FOUND,
            WorldError::BadId(_) | WorldError::Dialog(_) => StatusCode::BAD_REQUEST,
            WorldError::Checkpointed(_) | WorldError::Withheld => StatusCode::CONFLICT,
        };
        Self(status, rejection.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

type Answer = Result<Json<Value>, Refused>;

fn done() -> Answer {
    Ok(Json(json!({ "ok": true })))
}
