//! The counts of calls to the simulator.

use axum::extract::State;
use axum::response::Json as JsonAnswer;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::extract::Query;
use super::{Answer, done};
use crate::graph_sim::{Endpoint, Simulator};

/// With both, the answer says how often the endpoint was called about this token.
#[derive(Debug, Deserialize)]
pub(super) struct Question {
    endpoint: Option<Endpoint>,
    token: Option<String>,
}

pub(super) async fn read(
    State(simulator): State<Simulator>,
    Query(question): Query<Question>,
) -> Answer {
    let world = simulator.world();
    let call_log = world.call_log();
    let calls: Map<String, Value> = call_log.tallies().map(call_counts).collect();
    let mut answer = json!({
        "requests": call_log.requests(),
        "batches": call_log.batches(),
        "total": call_log.total(),
        "calls": calls,
    });
    if let (Some(endpoint), Some(token)) = (question.endpoint, question.token) {
        answer["calls_about_token"] = call_log.calls_about(endpoint, &token).into();
    }
    Ok(JsonAnswer(answer))
}

fn call_counts(
    (endpoint, call_counts): (Endpoint, crate::graph_sim::CallCounts),
) -> (String, Value) {
    let name = json!(endpoint).as_str().unwrap_or_default().to_owned();
    let counts = json!({
        "calls": call_counts.calls,
        "errors": call_counts.errors,
    });
    (name, counts)
}

pub(super) async fn clear(State(simulator): State<Simulator>) -> Answer {
    simulator.world().ledger_mut().clear();
    done()
}
