//! Requests to the daemon itself, not to the inventory: reload the configuration, send a test email.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::validity::is_mail_address;
use crate::api::request::{Operator, Sent};
use crate::api::state::SharedAppState;
use crate::api::types::{MailTestRequest, MailTestResult, Problem, ProblemType, Reloaded};
use crate::api::{MailTest, Reload};

/// Reloads the configuration and waits for the result: the new one is live, or it is refused and the old one stays
/// live.
#[utoipa::path(post, path = "/v1/reload", responses((status = 200, body = Reloaded)))]
pub(in crate::api) async fn reload(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
) -> Result<Json<Reloaded>, Problem> {
    let order = |answer| Reload { asked_by, answer };
    match asked(&app_state.reloads, app_state.limits.answer, order).await? {
        Ok(needs_restart) => Ok(Json(Reloaded { live_since: app_state.now(), needs_restart })),
        Err(problems) => Err(Problem::new(
            ProblemType::ReloadRefused,
            "the new configuration cannot be used; the old one stays live. Correct it and reload again",
        )
        .with_problems(problems)),
    }
}

/// Queues one real email. Follow the journal for the result.
#[utoipa::path(
    post, path = "/v1/mail-test", request_body(content = Option<MailTestRequest>),
    responses((status = 202, body = MailTestResult))
)]
pub(in crate::api) async fn mail_test(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    request: Option<Sent<Option<MailTestRequest>>>,
) -> Result<(StatusCode, Json<MailTestResult>), Problem> {
    let to = request.and_then(|Sent(request)| request?.to);
    if to
        .as_deref()
        .is_some_and(|address| !is_mail_address(address))
    {
        let detail = "to is not an email address such as ada@example.com";
        return Err(Problem::new(ProblemType::Invalid, detail));
    }
    let order = |answer| MailTest {
        to,
        asked_by,
        answer,
    };
    match asked(&app_state.mail_tests, app_state.limits.answer, order).await? {
        Ok(message_id) => Ok((StatusCode::ACCEPTED, Json(MailTestResult { message_id }))),
        Err(reason) => Err(Problem::new(ProblemType::MailRefused, reason)),
    }
}

/// Sends the daemon a request and waits for its answer.
pub(super) async fn asked<Order, Answer>(
    daemon: &mpsc::Sender<Order>,
    limit: Duration,
    order: impl FnOnce(oneshot::Sender<Answer>) -> Order,
) -> Result<Answer, Problem> {
    let (answer, answered) = oneshot::channel();
    let exchange = async {
        daemon.send(order(answer)).await.ok()?;
        answered.await.ok()
    };
    let outcome = timeout(limit, exchange).await.map_err(|_| {
        let detail = "the daemon has not answered yet. See the log: journalctl -u perennial";
        Problem::new(ProblemType::Busy, detail)
    })?;
    outcome.ok_or_else(|| {
        let detail = "the daemon is stopping. Try again in a moment";
        Problem::new(ProblemType::Stopping, detail)
    })
}
