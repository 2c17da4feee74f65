//! The figures of the daemon for monitoring systems.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;

use crate::api::request::Viewer;
use crate::api::state::SharedAppState;

/// The figures of the daemon as OpenMetrics, or in the classic format of Prometheus if `Accept` prefers `text/plain`.
#[utoipa::path(
    get, path = "/metrics",
    responses((status = 200, content(
        (String = "application/openmetrics-text"),
        (String = "text/plain"),
    )))
)]
pub(in crate::api) async fn metrics(
    _: Viewer,
    State(app_state): SharedAppState,
    headers: HeaderMap,
) -> impl IntoResponse {
    app_state.metrics.answer(&headers)
}
