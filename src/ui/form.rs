//! Reads a form that one of our own pages sent.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};

use super::failure::refusal;
use super::state::UiState;

/// The fields of a form that carries the form token.
#[derive(Debug)]
pub(super) struct Confirmed(HashMap<String, String>);

impl Confirmed {
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

impl FromRequest<Arc<UiState>> for Confirmed {
    type Rejection = Response;

    async fn from_request(request: Request, ui: &Arc<UiState>) -> Result<Self, Response> {
        let body = Bytes::from_request(request, ui).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
        let token = fields.get("form_token").map_or("", String::as_str);
        match ui.access.is_form_token(token) {
            true => Ok(Self(fields)),
            false => Err(refusal()),
        }
    }
}
