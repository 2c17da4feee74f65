//! `/metrics` at an address of its own, for a monitoring system that cannot reach the socket. It serves nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use super::Metrics;
use crate::http::{self, BindError, ListenAddress, Listener, Rank, Shares};

/// A monitoring system needs one connection.
const LIMITS: http::Limits = http::Limits {
    shares: Shares {
        common: 16,
        each: 8,
        reserved: 0,
    },
    head: Duration::from_secs(5),
    buffer: 16 * 1024,
    stall: Duration::from_secs(10),
    age: Duration::from_secs(600),
    shutdown: Duration::from_secs(5),
};

/// The answer for a connection that gets no slot.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncache-control: no-store\r\nretry-after: 1\r\nconnection: close\r\n\
    content-length: 0\r\n\r\n";

/// Opens the address.
pub async fn bind(listen: SocketAddr) -> Result<Listener, BindError> {
    Listener::open(&ListenAddress::Tcp(listen), "[metrics] listen").await
}

/// Serves until `stop`. Returns the server's name.
pub async fn serve(listener: Listener, metrics: Metrics, stop: CancellationToken) -> &'static str {
    let router = Router::new()
        .route("/metrics", get(answer))
        .with_state(metrics);
    let server = http::Server {
        name: "metrics server",
        router,
        limits: LIMITS,
        rank: |_| Rank::Common,
        refusal: |_| FULL.to_vec(),
    };
    // The watchdog does not ask it: it may be off.
    server.run(listener, http::probe().1, stop).await
}

async fn answer(State(metrics): State<Metrics>, headers: HeaderMap) -> impl IntoResponse {
    metrics.answer(&headers)
}
