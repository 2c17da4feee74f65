//! The server: accepts connections, limits them, and closes them at shutdown.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listener::{Caller, Listener, Origin, Stream};
use super::rate_limit::{ALL_CLIENTS, ONE_CLIENT, Rate, RateLimiter};
use super::state::AppState;
use super::{Backend, routes};
use crate::http::{Place, Places, Rank, Rejections, Shares};

/// Limits that keep one client from crowding out the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Per user on a Unix socket, otherwise per address. The proxy is a single peer, so one peer may hold many.
    pub(super) connections: Shares,
    /// How long a request head may take.
    pub(super) head: Duration,
    /// How long a connection may last, however busy it is. Slow readers and writers are cut off.
    pub(super) connection: Duration,
    /// How long open requests may take when the daemon stops.
    pub(super) shutdown: Duration,
    pub(super) each: Rate,
    pub(super) all: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: Shares {
                common: 128,
                each: 96,
                reserved: 0,
            },
            head: Duration::from_secs(5),
            connection: Duration::from_secs(60),
            shutdown: Duration::from_secs(5),
            each: ONE_CLIENT,
            all: ALL_CLIENTS,
        }
    }
}

/// The address of the peer that sent a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) Option<IpAddr>);

/// How long to wait after `accept` has failed.
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(100);

/// The answer for a connection that gets no slot. It is not a page.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    cache-control: no-store\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 58\r\n\r\n\
    This does not work right now. Try again in a few minutes.\n";

/// Serves until `stop`, then finishes open requests.
pub async fn serve(listener: Listener, backend: Backend, stop: CancellationToken) {
    serve_within(listener, backend, Limits::default(), stop).await;
}

pub(super) async fn serve_within(
    listener: Listener,
    backend: Backend,
    limits: Limits,
    stop: CancellationToken,
) {
    let app_state = Arc::new(AppState::new(
        backend,
        RateLimiter::new(limits.each, limits.all),
    ));
    let server = Server {
        router: routes::router(app_state),
        places: Places::new(limits.connections),
        rejections: Rejections::default(),
        limits,
        connections: TaskTracker::new(),
        stop,
        cut: CancellationToken::new(),
    };
    server.accept(&listener).await;
    listener.close();
    server.shutdown().await;
}

struct Server {
    router: Router,
    limits: Limits,
    places: Arc<Places<Origin>>,
    rejections: Rejections,
    connections: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
}

impl Server {
    async fn accept(&self, listener: &Listener) {
        loop {
            match self.stop.run_until_cancelled(listener.accept()).await {
                None => return,
                Some(Ok(caller)) => self.receive(caller),
                Some(Err(error)) => {
                    tracing::warn!(
                        "cannot accept a connection on the public part, trying again: {error}"
                    );
                    tokio::time::sleep(PAUSE_AFTER_FAULT).await;
                }
            }
        }
    }

    fn receive(&self, caller: Caller) {
        match self.places.take(caller.origin.counted(), Rank::Common) {
            Ok(place) => self.answer(caller, place),
            Err(_) => self.rejections.answer(caller.stream, FULL.to_vec()),
        }
    }

    fn answer(&self, caller: Caller, place: Place<Origin>) {
        let (stream, address) = (caller.stream, caller.origin.address());
        let inner = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(address));
            inner.call(request)
        });
        let (limits, stop, cut) = (self.limits, self.stop.clone(), self.cut.clone());
        self.connections.spawn(async move {
            let conversation = timeout(
                limits.connection,
                converse(stream, service, limits.head, &stop),
            );
            if let Some(Ok(Err(error))) = cut.run_until_cancelled(conversation).await {
                tracing::debug!(%error, "a connection to the public part ended with an error");
            }
            drop(place);
        });
    }

    async fn shutdown(&self) {
        self.connections.close();
        if timeout(self.limits.shutdown, self.connections.wait())
            .await
            .is_err()
        {
            self.cut.cancel();
            self.connections.wait().await;
        }
    }
}

async fn converse<S>(
    stream: Box<dyn Stream>,
    service: S,
    head: Duration,
    stop: &CancellationToken,
) -> hyper::Result<()>
where
    S: Service<
            Request<Incoming>,
            Response = axum::response::Response,
            Error = std::convert::Infallible,
        >,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(32 * 1024);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
