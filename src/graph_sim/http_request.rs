//! Turns an HTTP request into a call: fields from the query and the body, token or credentials from the header.

use axum::body::Bytes;
use axum::http::{HeaderMap, header, request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::endpoints::{Method, Request};
use super::platform::Platform;

/// Returns `None` for methods that the Graph API does not know.
pub(crate) fn read<'a>(head: &'a request::Parts, body: &'a Bytes) -> Option<Request<'a>> {
    let method = Method::from_name(head.method.as_str())?;
    let mut request = Request::new(method, head.uri.path_and_query()?.as_str());
    request.platform = request.platform.or_else(|| named_platform(&head.headers));
    request.bearer = authorization(&head.headers, &["bearer", "oauth"]);
    add_body(&mut request, &head.headers, body);
    add_credentials(&mut request, &head.headers);
    Some(request)
}

/// Returns the platform whose host a client calls through a proxy or a name of its own.
pub(crate) fn named_platform(headers: &HeaderMap) -> Option<Platform> {
    Platform::of_host(headers.get(header::HOST)?.to_str().ok()?)
}

/// Returns the part of the header after one of `schemes`.
fn authorization<'a>(headers: &'a HeaderMap, schemes: &[&str]) -> Option<&'a str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
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
    let encoded = authorization(headers, &["basic"])?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The Graph API accepts forms, and JSON objects whose members are read like form fields.
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
