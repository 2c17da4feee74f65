//! What Meta calls by itself: its webhooks, the callbacks when a person removes an app or wants to be forgotten, and the
//! page that tells how far that is. Whoever is not Meta gets a status and no word.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::login::laid_out;
use crate::login::webhooks::{Heard, Rejection, field};
use crate::web::lobby::{Here, Lobby};
use crate::web::page::{Fault, Page};
use crate::web::words;

/// Longer ones Meta does not send, and nobody gets words of their own choice shown here.
const LONGEST_CHALLENGE: usize = 256;

/// What Meta shows to the person who asked.
#[derive(Serialize)]
pub(super) struct Confirmation {
    url: String,
    confirmation_code: String,
}

/// Meta asks, before it sends anything, whether this is the right address.
pub(super) async fn shake_hands(
    State(lobby): Here,
    Path(app): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    let said = |key: &str| field(query.as_bytes(), key).unwrap_or_default();
    lobby
        .ear()
        .shakes_hands(&app, &said("hub.mode"), &said("hub.verify_token"))?;
    let challenge = said("hub.challenge");
    if !(1..=LONGEST_CHALLENGE).contains(&challenge.len()) {
        return Err(Refusal(Rejection::Unreadable));
    }
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((plain, challenge).into_response())
}

/// Somebody's permissions changed.
pub(super) async fn webhook(
    State(lobby): Here,
    Path(app): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (ear, now) = (lobby.ear(), lobby.now());
    let heard = ear.webhook(&app, signature, &body, now).await?;
    Ok(answered(&lobby, heard))
}

/// Somebody removed the app.
pub(super) async fn deauthorize(
    State(lobby): Here,
    Path(app): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let signed = field(&body, "signed_request").unwrap_or_default();
    let (ear, now) = (lobby.ear(), lobby.now());
    let heard = ear.deauthorized(&app, &signed, now).await?;
    Ok(answered(&lobby, heard))
}

/// Somebody wants to be forgotten.
pub(super) async fn delete(
    State(lobby): Here,
    Path(app): Path<String>,
    body: Bytes,
) -> Result<Json<Confirmation>, Refusal> {
    let signed = field(&body, "signed_request").unwrap_or_default();
    let code = lobby.ear().delete(&app, &signed, lobby.now()).await?;
    lobby.nudge();
    Ok(Json(Confirmation {
        url: lobby.public(&format!("/data-deletion/{code}")),
        confirmation_code: code,
    }))
}

/// How far that is, for whoever has the code.
pub(super) async fn deletion(
    State(lobby): Here,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let request = lobby.ear().deletion(&code).await?.ok_or(Fault::Nothing)?;
    let page = Page {
        address: lobby.public(&format!("/data-deletion/{}", request.code)),
        ..words::deletion(&request)
    };
    Ok(laid_out(&lobby, page, StatusCode::OK))
}

fn answered(lobby: &Lobby, heard: Heard) -> StatusCode {
    match heard {
        Heard::News => lobby.nudge(),
        Heard::Nothing => {}
    }
    StatusCode::OK
}

/// A call that is not heeded.
pub(super) struct Refusal(Rejection);

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl IntoResponse for Refusal {
    /// Which apps there are is nobody's business, so a wrong one is answered as a wrong signature is.
    fn into_response(self) -> Response {
        match self.0 {
            Rejection::UnknownApp
            | Rejection::Forged
            | Rejection::Stale
            | Rejection::UsedElsewhere => StatusCode::FORBIDDEN.into_response(),
            Rejection::Unreadable => StatusCode::BAD_REQUEST.into_response(),
            Rejection::Inventory(error) => Fault::from(error).into_response(),
        }
    }
}
