//! The world's clock: read, set, advance or run it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json as JsonAnswer;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::extract::Json;
use super::{Answer, Refused};
use crate::graph_sim::Simulator;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    now: Option<Timestamp>,
    /// Such as `30d` or `90m`.
    advance: Option<Span>,
    /// Seconds of the world's time per real second.
    speed: Option<f64>,
}

pub(super) async fn read(State(simulator): State<Simulator>) -> Answer {
    Ok(JsonAnswer(json!({ "now": simulator.world().now() })))
}

pub(super) async fn set(
    State(simulator): State<Simulator>,
    Json(setting): Json<Setting>,
) -> Answer {
    if let Some(speed) = setting.speed {
        simulator.run_clock(speed);
    }
    let start = setting.now.unwrap_or_else(|| simulator.world().now());
    let span = setting.advance.map_or(Ok(SignedDuration::ZERO), |span| {
        span.to_duration(SpanRelativeTo::days_are_24_hours())
    });
    let end = span.and_then(|span| start.checked_add(span));
    simulator.set_now(end.map_err(|e| Refused(StatusCode::BAD_REQUEST, e.to_string()))?);
    read(State(simulator)).await
}
