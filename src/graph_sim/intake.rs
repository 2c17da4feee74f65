//! From an HTTP request to a call: fields from query and body, the token from the header.

use axum::body::Bytes;
use axum::http::{HeaderMap, header, request};

use super::endpoints::{Method, Request};

/// `None` for methods that Graph does not know.
pub(crate) fn read<'a>(head: &'a request::Parts, body: &'a Bytes) -> Option<Request<'a>> {
    let method = Method::from_word(head.method.as_str())?;
    let mut request = Request::new(method, head.uri.path_and_query()?.as_str());
    request.bearer = bearer(&head.headers);
    add_body(&mut request, &head.headers, body);
    Some(request)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    ["bearer", "oauth"]
        .contains(&scheme.to_ascii_lowercase().as_str())
        .then_some(token.trim())
}

/// Graph takes forms, and JSON objects whose members are then read like form fields.
fn add_body<'a>(request: &mut Request<'a>, headers: &HeaderMap, body: &'a Bytes) {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let fields: serde_json::Map<_, _> = serde_json::from_slice(body).unwrap_or_default();
        for (name, value) in fields {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            request.params.add(name, text);
        }
    } else if let Ok(text) = std::str::from_utf8(body) {
        request.params.add_form(text);
    }
}
