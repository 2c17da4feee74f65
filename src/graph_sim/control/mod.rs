//! Driving the simulator over HTTP: JSON under `/sim/`, for tests in any language. Faults do not
//! touch it.

mod clock;
mod ledger;
mod making;
mod trouble;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{delete, get, post, put};
use serde_json::{Value, json};

use super::server::Simulator;
use super::world::Refusal;

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/clock", get(clock::read).post(clock::set))
        .route("/apps", post(making::app))
        .route("/people", post(making::person))
        .route("/pages", post(making::page))
        .route("/system_users", post(making::system_user))
        .route("/tokens", post(making::token).get(making::truth))
        .route("/fleet", get(making::importables).post(making::fleet))
        .route("/happenings", post(trouble::happen))
        .route(
            "/faults",
            get(trouble::faults)
                .post(trouble::inject)
                .merge(delete(trouble::heal)),
        )
        .route("/outage", put(trouble::outage))
        .route("/throttles", post(trouble::throttle))
        .route("/paging_host", put(trouble::paging_host))
        .route("/ledger", get(ledger::read).merge(delete(ledger::clear)))
}

/// An order that the world did not take, with the reason.
#[derive(Debug)]
pub(super) struct Refused(StatusCode, String);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Unknown { .. } | Refusal::UnknownToken => StatusCode::NOT_FOUND,
            Refusal::BadId(_) | Refusal::Dialog(_) => StatusCode::BAD_REQUEST,
            Refusal::Checkpointed(_) | Refusal::Withheld => StatusCode::CONFLICT,
        };
        Self(status, refusal.to_string())
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
