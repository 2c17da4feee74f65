//! Tests a channel of posts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::request::{Operator, Sent};
use crate::api::state::SharedAppState;
use crate::api::types::{PostTestRequest, PostTestResult, Problem, ProblemType};

/// Queues one test message for a channel. Follow the journal for the result; it is not tried again.
#[utoipa::path(
    post, path = "/v1/post-test", request_body = PostTestRequest,
    responses((status = 202, body = PostTestResult))
)]
pub(in crate::api) async fn post_test(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Sent(PostTestRequest { name }): Sent<PostTestRequest>,
) -> Result<(StatusCode, Json<PostTestResult>), Problem> {
    let channels = app_state.settings.borrow().channels.clone();
    if !channels.contains(&name) {
        return Err(no_such_channel(&channels));
    }
    let now = app_state.now();
    let message_id = app_state
        .order(move |tx| Ok(tx.enqueue_test_post(&name, now)?))
        .await?;
    tracing::info!(asked_by, "a test message to a channel is queued");
    Ok((StatusCode::ACCEPTED, Json(PostTestResult { message_id })))
}

fn no_such_channel(channels: &[String]) -> Problem {
    let detail = match channels {
        [] => "no channel is configured. Add [[alerts.post]] to the configuration".to_owned(),
        names => format!(
            "there is no such channel. Name one of these: {}",
            names.join(", ")
        ),
    };
    Problem::new(ProblemType::NoSuchChannel, detail)
}
