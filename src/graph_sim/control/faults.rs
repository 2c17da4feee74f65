//! Actions on people and tokens, and faults of Meta's.

use axum::extract::State;
use axum::response::Json as JsonAnswer;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::extract::{Json, Query};
use super::{Answer, done};
use crate::graph_sim::{Action, FaultRule, Outage, RateLimit, Simulator};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutageSetting {
    outage: Option<Outage>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Throttling {
    app: String,
    limit: RateLimit,
    until: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PagingHost {
    origin: Option<String>,
}

pub(super) async fn happen(
    State(simulator): State<Simulator>,
    Json(action): Json<Action>,
) -> Answer {
    simulator.world().happen(&action)?;
    done()
}

pub(super) async fn faults(State(simulator): State<Simulator>) -> Answer {
    Ok(JsonAnswer(json!({ "faults": simulator.world().faults() })))
}

pub(super) async fn inject(
    State(simulator): State<Simulator>,
    Json(rule): Json<FaultRule>,
) -> Answer {
    simulator.world().inject(rule);
    done()
}

pub(super) async fn heal(State(simulator): State<Simulator>) -> Answer {
    simulator.world().heal();
    done()
}

pub(super) async fn outage(
    State(simulator): State<Simulator>,
    Json(setting): Json<OutageSetting>,
) -> Answer {
    simulator.world().set_outage(setting.outage);
    done()
}

pub(super) async fn throttle(
    State(simulator): State<Simulator>,
    Json(order): Json<Throttling>,
) -> Answer {
    simulator
        .world()
        .throttle_with(&order.app, order.limit, order.until)?;
    done()
}

/// Without an app, those of all apps; without a limit, all of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Throttled {
    app: Option<String>,
    limit: Option<RateLimit>,
}

pub(super) async fn unthrottle(
    State(simulator): State<Simulator>,
    Query(which): Query<Throttled>,
) -> Answer {
    let mut world = simulator.world();
    world.lift_throttles(which.app.as_deref(), which.limit)?;
    done()
}

pub(super) async fn paging_host(
    State(simulator): State<Simulator>,
    Json(host): Json<PagingHost>,
) -> Answer {
    simulator.world().set_paging_host(host.origin.as_deref());
    done()
}
