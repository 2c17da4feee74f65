//! Reads a form that one of our own pages sent.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use super::state::Ui;

/// The fields of a form that carries the form token.
#[derive(Debug)]
pub(super) struct Confirmed(HashMap<String, String>);

impl Confirmed {
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

impl<S: Send + Sync> FromRequest<S> for Confirmed {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let ui = Ui::from_request_parts(&mut parts, state).await;
        let Ui(ui) = ui.map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
        let token = fields.get("form_token").map_or("", String::as_str);
        match ui.form_token.is(token) {
            true => Ok(Self(fields)),
            false => Err(Failure::old_form().into_response()),
        }
    }
}
