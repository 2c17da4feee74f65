//! Meta's own calls: its webhooks, the callbacks when a person removes an app or requests the deletion of their data,
//! and the status page of a deletion. Any other caller gets a status code without a text.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::web::page::{Page, PageError};
use crate::web::reader::Reader;
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
) -> Result<Response, WebhookError> {
    let query = query.unwrap_or_default();
    let stated = |key: &str| field(query.as_bytes(), key).unwrap_or_default();
    let (mode, token) = (stated("hub.mode"), stated("hub.verify_token"));
    app_state.webhook_receiver().verifies(&app, &mode, &token)?;
    let challenge = stated("hub.challenge");
    if !(1..=LONGEST_CHALLENGE).contains(&challenge.len()) {
        return Err(WebhookError::Unreadable);
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
) -> Result<StatusCode, WebhookError> {
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let receiver = app_state.webhook_receiver();
    let answer = receiver.webhook(&app, signature, &body, app_state.now());
    Ok(answered(&app_state, answer.await?))
}

/// A person has removed the app.
pub(super) async fn deauthorize(
    State(app_state): SharedAppState,
    Path(app): Path<String>,
    body: Bytes,
) -> Result<StatusCode, WebhookError> {
    let signed = field(&body, "signed_request").unwrap_or_default();
    let receiver = app_state.webhook_receiver();
    let answer = receiver.deauthorized(&app, &signed, app_state.now());
    Ok(answered(&app_state, answer.await?))
}

/// A person requests the deletion of their data.
pub(super) async fn delete(
    State(app_state): SharedAppState,
    Path(app): Path<String>,
    body: Bytes,
) -> Result<Json<Confirmation>, WebhookError> {
    let signed = field(&body, "signed_request").unwrap_or_default();
    let receiver = app_state.webhook_receiver();
    let code = receiver.delete(&app, &signed, app_state.now()).await?;
    app_state.announce_work();
    Ok(Json(Confirmation {
        url: app_state.public(&format!("/data-deletion/{code}")),
        confirmation_code: code,
    }))
}

/// The status of a deletion, for anyone who has its code.
pub(super) async fn deletion(
    State(app_state): SharedAppState,
    reader: Reader,
    Path(code): Path<String>,
) -> Result<Response, PageError> {
    let request = app_state.webhook_receiver().deletion(&code).await?;
    let request = request.ok_or(PageError::Nothing)?;
    let page = Page {
        address: app_state.public(&format!("/data-deletion/{}", request.code)),
        ..text::deletion(&reader, &request)
    };
    Ok(app_state.laid_out(&reader, page, StatusCode::OK))
}

fn answered(app_state: &AppState, answer: NoticeAnswer) -> StatusCode {
    if answer == NoticeAnswer::ChecksDue {
        app_state.announce_work();
    }
    StatusCode::OK
}

impl IntoResponse for WebhookError {
    /// A wrong app is answered like a wrong signature, so that callers cannot find out which apps there are.
    fn into_response(self) -> Response {
        match self {
            Self::UnknownApp | Self::Forged | Self::Stale | Self::UsedElsewhere => {
                StatusCode::FORBIDDEN.into_response()
            }
            Self::Unreadable => StatusCode::BAD_REQUEST.into_response(),
            Self::Inventory(error) => PageError::from(error).into_response(),
        }
    }
}
