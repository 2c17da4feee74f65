//! The deliveries: lists them, has them tried again, tries a sink.

use axum::Json;
use axum::extract::State;

use super::daemon::asked;
use crate::api::SinkTest;
use crate::api::request::{Asked, Operator, Sent, Viewer};
use crate::api::state::SharedAppState;
use crate::api::types::{
    DeliveryList, DeliveryQuery, Problem, ProblemType, Retried, RetryRequest, SinkTestRequest,
    SinkTestResult,
};
use crate::model::Event;

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;

/// The latest deliveries, newest first.
#[utoipa::path(
    get, path = "/v1/deliveries", params(DeliveryQuery), responses((status = 200, body = DeliveryList))
)]
pub(in crate::api) async fn list(
    viewer: Viewer,
    State(app_state): SharedAppState,
    Asked(query): Asked<DeliveryQuery>,
) -> Result<Json<DeliveryList>, Problem> {
    let limit = query.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        let detail = format!("limit: expected a number from 1 to {HIGHEST_LIMIT}");
        return Err(Problem::new(ProblemType::Malformed, detail));
    }
    let deliveries = app_state
        .read_at_length(viewer.rank, move |view| view.deliveries(query.state, limit))
        .await?;
    Ok(Json(DeliveryList {
        deliveries: deliveries.into_iter().map(Into::into).collect(),
    }))
}

/// Has failed and waiting deliveries tried again now: of one sink or of all. A sink whose receiver wanted nothing more is
/// tried again as well.
#[utoipa::path(
    post, path = "/v1/deliveries/retry", request_body = RetryRequest,
    responses((status = 200, body = Retried))
)]
pub(in crate::api) async fn retry(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Sent(request): Sent<RetryRequest>,
) -> Result<Json<Retried>, Problem> {
    let now = app_state.now();
    if let Some(sink) = &request.sink
        && !app_state.settings.borrow().has_sink(sink)
    {
        return Err(no_such_sink());
    }
    let retried = app_state.order(move |tx| {
        let deliveries = tx.retry_deliveries(request.sink.as_deref(), now)?;
        let event = Event::DeliveriesRetried {
            sink: request.sink,
            asked_by,
        };
        tx.record_event(&event.into(), now)?;
        Ok(Retried {
            deliveries: deliveries as u64,
        })
    });
    retried.await.map(Json)
}

/// Tries a sink without a token: a webhook gets a test event; a file sink writes an empty file and removes it.
#[utoipa::path(
    post, path = "/v1/deliveries/test", request_body = SinkTestRequest,
    responses((status = 200, body = SinkTestResult))
)]
pub(in crate::api) async fn test(
    _: Operator,
    State(app_state): SharedAppState,
    Sent(SinkTestRequest { sink }): Sent<SinkTestRequest>,
) -> Result<Json<SinkTestResult>, Problem> {
    if !app_state.settings.borrow().has_sink(&sink) {
        return Err(no_such_sink());
    }
    let order = |answer| SinkTest { sink, answer };
    match asked(&app_state.sink_tests, app_state.limits.answer, order).await? {
        Ok(result) => Ok(Json(SinkTestResult { result })),
        Err(reason) => Err(Problem::new(ProblemType::SinkFailed, reason)),
    }
}

fn no_such_sink() -> Problem {
    Problem::new(
        ProblemType::NoSuchSink,
        "no [[delivery]] has this name. The names are in the configuration; after a change: perennial reload",
    )
}
