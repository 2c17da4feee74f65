//! Meta's own calls: its webhooks, the callbacks when a person removes an app or requests the deletion of their data,
//! and the status page of a deletion. Any other caller gets a status code without a text.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::login::laid_out;
use crate::web::page::{Page, PageError};
use crate::web::state::{AppState, SharedAppState};
use crate::web::text;
use crate::webhooks::{NoticeAnswer, WebhookError, field};

/// Meta sends nothing longer. The limit keeps others from showing texts of their own at this address.
const LONGEST_CHALLENGE: usize = 256;

/// The answer that Meta shows to the person.
#[derive(Serialize)]
pub(super) struct Confirmation {
    url: String,
    confirmation_code: String,
}

/// Answers Meta's verification of the webhook address.
pub(super) async fn verify_endpoint(
    State(app_state): SharedAppState,
    Path(app): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, WebhookRejection> {
    let query = query.unwrap_or_default();
    let stated = |key: &str| field(query.as_bytes(), key).unwrap_or_default();
    app_state.webhook_receiver().verifies(
        &app,
        &stated("hub.mode"),
        &stated("hub.verify_token"),
    )?;
    let challenge = stated("hub.challenge");
    if !(1..=LONGEST_CHALLENGE).contains(&challenge.len()) {
        return Err(WebhookRejection(WebhookError::Unreadable));
    }
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((plain, challenge).into_response())
}

/// A person's permissions have changed.
pub(super) async fn webhook(
    State(app_state): SharedAppState,
    Path(app): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, WebhookRejection> {
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (webhook_receiver, now) = (app_state.webhook_receiver(), app_state.now());
    let notice_answer = webhook_receiver
        .webhook(&app, signature, &body, now)
        .await?;
    Ok(answered(&app_state, notice_answer))
}

/// A person has removed the app.
pub(super) async fn deauthorize(
    State(app_state): SharedAppState,
    Path(app): Path<String>,
    body: Bytes,
) -> Result<StatusCode, WebhookRejection> {
    let signed = field(&body, "signed_request").unwrap_or_default();
    let (webhook_receiver, now) = (app_state.webhook_receiver(), app_state.now());
    let notice_answer = webhook_receiver.deauthorized(&app, &signed, now).await?;
    Ok(answered(&app_state, notice_answer))
}

/// A person requests the deletion of their data.
pub(super) async fn delete(
    State(app_state): SharedAppState,
    Path(app): Path<String>,
    body: Bytes,
) -> Result<Json<Confirmation>, WebhookRejection> {
    let signed = field(&body, "signed_request").unwrap_or_default();
    let code = app_state
        .webhook_receiver()
        .delete(&app, &signed, app_state.now())
        .await?;
    app_state.wake_rotation();
    Ok(Json(Confirmation {
        url: app_state.public(&format!("/data-deletion/{code}")),
        confirmation_code: code,
    }))
}

/// The status of a deletion, for anyone who has its code.
pub(super) async fn deletion(
    State(app_state): SharedAppState,
    Path(code): Path<String>,
) -> Result<Response, PageError> {
    let request = app_state
        .webhook_receiver()
        .deletion(&code)
        .await?
        .ok_or(PageError::Nothing)?;
    let page = Page {
        address: app_state.public(&format!("/data-deletion/{}", request.code)),
        ..text::deletion(&request)
    };
    Ok(laid_out(&app_state, page, StatusCode::OK))
}

fn answered(app_state: &AppState, notice_answer: NoticeAnswer) -> StatusCode {
    match notice_answer {
        NoticeAnswer::ChecksDue => app_state.wake_rotation(),
        NoticeAnswer::Nothing => {}
    }
    StatusCode::OK
}

/// A rejected call.
pub(super) struct WebhookRejection(WebhookError);

impl From<WebhookError> for WebhookRejection {
    fn from(rejection: WebhookError) -> Self {
        Self(rejection)
    }
}

impl IntoResponse for WebhookRejection {
    /// A wrong app is answered like a wrong signature, so that callers cannot find out which apps there are.
    fn into_response(self) -> Response {
        match self.0 {
            WebhookError::UnknownApp
            | WebhookError::Forged
            | WebhookError::Stale
            | WebhookError::UsedElsewhere => StatusCode::FORBIDDEN.into_response(),
            WebhookError::Unreadable => StatusCode::BAD_REQUEST.into_response(),
            WebhookError::Inventory(error) => PageError::from(error).into_response(),
        }
    }
}
