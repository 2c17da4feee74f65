//! One connection to a server, in memory: the bytes that a client sends, and each request with its answer.

use std::convert::Infallible;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

/// A request with its answer.
#[derive(Debug)]
pub struct Exchange {
    pub method: Method,
    pub uri: Uri,
    pub sent_headers: HeaderMap,
    pub sent: Bytes,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// More than any answer here has.
const LONGEST_ANSWER: usize = 16 << 20;
/// As the socket reads heads.
const BUFFER: usize = 64 << 10;

type Seen = Arc<Mutex<Vec<Exchange>>>;

/// Sends the bytes, closes for sending, and reads all answers.
pub async fn converse(router: Router, sent: Vec<u8>) -> Vec<Exchange> {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let service = service_fn(move |request| answer(router.clone(), Arc::clone(&kept), request));
    let io = TokioIo::new(tokio::io::join(Cursor::new(sent), tokio::io::sink()));
    let mut http = http1::Builder::new();
    http.half_close(true)
        .timer(TokioTimer::new())
        .max_buf_size(BUFFER);
    // Bytes that are no request end it, which is no matter of ours.
    let _ended = http.serve_connection(io, service).await;
    std::mem::take(&mut seen.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn answer(
    router: Router,
    seen: Seen,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let Ok(sent) = body.collect().await else {
        // Broken off.
        return Ok(Response::default());
    };
    let sent = sent.to_bytes();
    let (method, uri) = (parts.method.clone(), parts.uri.clone());
    let sent_headers = parts.headers.clone();
    let request = Request::from_parts(parts, Body::from(sent.clone()));
    let (parts, body) = perennial::http::answer(router, request).await.into_parts();
    let body = to_bytes(body, LONGEST_ANSWER).await;
    let body = body.expect("an answer comes whole");
    let exchange = Exchange {
        method,
        uri,
        sent_headers,
        sent,
        status: parts.status,
        headers: parts.headers.clone(),
        body: body.clone(),
    };
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(exchange);
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = parts.status;
    Ok(response)
}

impl Exchange {
    /// What the client gets to see: the head and the body.
    pub fn shows(&self, wanted: &str) -> bool {
        let in_headers =
            |value: &axum::http::HeaderValue| crate::text::contains(value.as_bytes(), wanted);
        crate::text::contains(&self.body, wanted) || self.headers.values().any(in_headers)
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Neither an error of the server, nor an answer that says that there is none.
    pub fn assert_no_failure(&self) {
        let is_fine =
            !self.status.is_server_error() || self.status == StatusCode::SERVICE_UNAVAILABLE;
        assert!(is_fine, "{} {}: {}", self.method, self.uri, self.status);
    }
}
