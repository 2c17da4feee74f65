//! Reads the query string.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::json_error::{describe_error, is_plain};
use crate::api::state::AppState;
use crate::api::types::{Problem, ProblemType};

/// The query parameters; one with an empty value counts as left out.
#[derive(Debug)]
pub(in crate::api) struct Asked<T>(pub(in crate::api) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<AppState>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let given: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.ends_with('='))
            .collect();
        let uri = Uri::builder()
            .path_and_query(format!("/?{}", given.join("&")))
            .build();
        let Query(asked) = Query::try_from_uri(&uri.unwrap_or_default()).map_err(|error| {
            let text = error.body_text();
            let text = text
                .rsplit_once("query string: ")
                .map_or("", |(_, text)| text);
            let (place, text) = match text.split_once(": ") {
                Some((place, text)) if is_plain(place) => (place, text),
                Some(_) | None => ("the query", text),
            };
            Problem::new(
                ProblemType::Malformed,
                format!("{place}: {}", describe_error(text)),
            )
        })?;
        Ok(Self(asked))
    }
}
