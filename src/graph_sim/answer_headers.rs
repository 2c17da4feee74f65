//! The headers that Meta sends with every answer, alone or in a batch, as recorded in restfb's
//! `src/test/resources/json/batch` and koala's `spec/fixtures/vcr_cassettes`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::endpoints::{Answer, Method, NamedHeader};
use super::sha1::sha1;
use super::signature::hex;

const LONG_AGO: &str = "Sat, 01 Jan 2000 00:00:00 GMT";

/// Adds the common headers. Meta tags what is read; a reader that has it already gets a 304 without a body.
pub(crate) fn complete(mut answer: Answer, method: Method, known_tag: Option<&str>) -> Answer {
    let caching = if answer.status == 200 {
        "private, no-cache, no-store, must-revalidate"
    } else {
        "no-store"
    };
    let common: [NamedHeader; 5] = [
        ("Access-Control-Allow-Origin".into(), "*".to_owned()),
        ("Cache-Control".into(), caching.to_owned()),
        ("Expires".into(), LONG_AGO.to_owned()),
        ("Pragma".into(), "no-cache".to_owned()),
        ("Vary".into(), "Accept-Encoding".to_owned()),
    ];
    answer.headers.extend(common);
    if answer.status == 200 && method == Method::Get {
        let tag = format!("\"{}\"", hex(&sha1(answer.body.as_bytes())));
        if known_tag == Some(&tag) {
            answer.status = 304;
            answer.body.clear();
        }
        answer.headers.push(("ETag".into(), tag));
    }
    answer
}

/// Answers a browser that asks whether a page elsewhere may call. Which methods and headers Meta names is not recorded.
pub(crate) fn preflight(asked: &HeaderMap) -> HeaderMap {
    const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE, OPTIONS");
    let mut headers = HeaderMap::from_iter([
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
    ]);
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        let allowed: HeaderName = header::ACCESS_CONTROL_ALLOW_HEADERS;
        headers.insert(allowed, names.clone());
    }
    headers
}
