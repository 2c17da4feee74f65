//! Turns an HTTP request into a call: fields from the query and the body, token or credentials from the header.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, header, request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::endpoints::{Method, Request};
use super::multipart;
use super::platform::Platform;

/// Returns `None` for methods that the Graph API does not know. `HEAD` reads like `GET`.
pub(crate) fn read<'a>(head: &'a request::Parts, body: &'a Bytes) -> Option<Request<'a>> {
    let method = Method::from_name(head.method.as_str())?;
    let mut request = Request::new(method, head.uri.path_and_query()?.as_str());
    request.platform = request.platform.or_else(|| named_platform(&head.headers));
    request.bearer = header_text(&head.headers, header::AUTHORIZATION).and_then(bearer);
    add_body(&mut request, &head.headers, body);
    add_credentials(&mut request, &head.headers);
    Some(request)
}

/// Returns the platform whose host a client calls through a proxy or a name of its own.
pub(crate) fn named_platform(headers: &HeaderMap) -> Option<Platform> {
    Platform::of_host(headers.get(header::HOST)?.to_str().ok()?)
}

/// Returns the token in an `Authorization` header.
pub(crate) fn bearer(authorization: &str) -> Option<&str> {
    after_scheme(authorization, &["bearer", "oauth"])
}

pub(crate) fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn after_scheme<'a>(authorization: &'a str, schemes: &[&str]) -> Option<&'a str> {
    let (scheme, rest) = authorization.split_once(' ')?;
    schemes
        .contains(&scheme.to_ascii_lowercase().as_str())
        .then_some(rest.trim())
}

/// OAuth libraries send an app's id and secret as HTTP Basic authentication.
fn add_credentials(request: &mut Request<'_>, headers: &HeaderMap) {
    let Some((id, secret)) = credentials(headers) else {
        return;
    };
    for (name, value) in [("client_id", id), ("client_secret", secret)] {
        if request.params.get(name).is_none() {
            request.params.add(name, value);
        }
    }
}

fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = after_scheme(header_text(headers, header::AUTHORIZATION)?, &["basic"])?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The Graph API accepts forms of both kinds, and JSON objects whose members are read like form fields.
fn add_body<'a>(request: &mut Request<'a>, headers: &HeaderMap, body: &'a Bytes) {
    let kind = header_text(headers, header::CONTENT_TYPE);
    if let Some(boundary) = kind.and_then(multipart::boundary) {
        for (name, value) in multipart::fields(body, boundary) {
            request.params.add(name, value);
        }
    } else if kind.is_some_and(|kind| kind.starts_with("application/json")) {
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
