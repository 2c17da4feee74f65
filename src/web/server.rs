//! The public part as a server: where it listens, its limits, and what a peer without a slot is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::rate_limit::{ALL_CLIENTS, ONE_CLIENT, Rate, RateLimiter};
use super::state::WebState;
use super::{Current, routes};
use crate::http::{self, AppState, Backend, BindError, ListenAddress, Listener, Rank, Shares};

/// Limits that keep one client from crowding out the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connections: http::Limits,
    pub(super) each: Rate,
    pub(super) all: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: http::Limits {
                // The proxy is a single peer, so one peer may hold many.
                shares: Shares {
                    common: 128,
                    each: 96,
                    reserved: 0,
                },
                head: Duration::from_secs(5),
                buffer: 32 * 1024,
                stall: Duration::from_secs(60),
                // A connection lasts a minute at most, with the time for its last request.
                age: Duration::from_secs(55),
                shutdown: Duration::from_secs(5),
            },
            each: ONE_CLIENT,
            all: ALL_CLIENTS,
        }
    }
}

/// The answer for a connection that gets no slot. It is not a page, because nothing was read of the request, and has both
/// languages.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    cache-control: no-store\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 130\r\n\r\n\
    This does not work right now. Try again in a few minutes.\n\
    Das geht gerade nicht. Versuchen Sie es in einigen Minuten noch einmal.\n";

/// Opens the address.
pub async fn bind(listen: &ListenAddress) -> Result<Listener, BindError> {
    Listener::open(listen, "[web] listen").await
}

/// Serves until `stop`, then finishes open requests. Returns the server's name.
pub async fn serve(
    listener: Listener,
    backend: Backend,
    current: watch::Receiver<Current>,
    stop: CancellationToken,
) -> &'static str {
    serve_within(listener, backend, current, Limits::default(), stop).await
}

pub(super) async fn serve_within(
    listener: Listener,
    backend: Backend,
    current: watch::Receiver<Current>,
    limits: Limits,
    stop: CancellationToken,
) -> &'static str {
    let own = WebState {
        current,
        rate_limiter: RateLimiter::new(limits.each, limits.all),
        short_pages: Mutex::default(),
    };
    let server = http::Server {
        name: "public web server",
        router: routes::router(Arc::new(AppState::new(backend, own))),
        limits: limits.connections,
        rank: |_| Rank::Common,
        refusal: |_| FULL.to_vec(),
    };
    // The watchdog does not ask it: it may be off.
    server.run(listener, http::probe().1, stop).await
}
