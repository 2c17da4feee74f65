//! The server: accepts connections, limits them, and closes them at shutdown.

mod bind;
mod place;
mod probe;
mod write_timeout;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::peer::{Accounts, rank};
use super::state::{AppState, Limits};
use super::{Backend, routes};
use crate::http::{Places, Rejections};
pub use bind::{BindError, bind};
pub(super) use place::Place;
pub use probe::{Probe, Questions, probe};
use write_timeout::Steady;

/// Serves `listener` until `stop`. Then it finishes open requests, ends followers, and removes the socket.
pub async fn serve(
    listener: UnixListener,
    backend: Backend,
    stop: CancellationToken,
) -> io::Result<()> {
    let (_unasked, questions) = probe();
    serve_probed(listener, backend, questions, stop).await
}

/// Like [`serve`]; the accept loop also answers the watchdog's `questions`.
pub async fn serve_probed(
    listener: UnixListener,
    backend: Backend,
    questions: Questions,
    stop: CancellationToken,
) -> io::Result<()> {
    serve_within(listener, backend, Limits::default(), questions, stop).await
}

pub(super) async fn serve_within(
    listener: UnixListener,
    backend: Backend,
    limits: Limits,
    questions: Questions,
    stop: CancellationToken,
) -> io::Result<()> {
    Server::new(backend, limits, stop)
        .run(listener, questions)
        .await
}

struct Server {
    app_state: Arc<AppState>,
    accounts: Arc<Accounts>,
    places: Arc<Places<u32>>,
    rejections: Rejections,
    connections: TaskTracker,
    stop: CancellationToken,
    /// Closes the connections that did not end in time.
    cut: CancellationToken,
}

/// When the machine has no more file descriptors, an immediate retry would only fail again.
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(100);

impl Server {
    fn new(backend: Backend, limits: Limits, stop: CancellationToken) -> Self {
        Self {
            places: Places::new(limits.connections),
            app_state: Arc::new(AppState::new(backend, limits, stop.clone())),
            accounts: Arc::default(),
            rejections: Rejections::default(),
            connections: TaskTracker::new(),
            stop,
            cut: CancellationToken::new(),
        }
    }

    async fn run(self, listener: UnixListener, questions: Questions) -> io::Result<()> {
        self.accept(&listener, questions).await;
        if let Some(path) = listener.local_addr()?.as_pathname() {
            std::fs::remove_file(path).ok();
        }
        self.shutdown().await;
        Ok(())
    }

    /// Accepts connections. It never waits for a peer: without a free slot it refuses and closes the connection.
    async fn accept(&self, listener: &UnixListener, mut questions: Questions) {
        let router = routes::router(Arc::clone(&self.app_state));
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                Some(question) = questions.next() => {
                    // The watchdog may have stopped waiting.
                    let _ = question.send(());
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => self.receive(stream, &router),
                Err(error) => {
                    tracing::warn!(
                        "cannot accept a connection on the status socket, trying again: {error}"
                    );
                    tokio::time::sleep(PAUSE_AFTER_FAULT).await;
                }
            }
        }
    }

    fn receive(&self, stream: UnixStream, router: &Router) {
        // A peer without credentials has already disconnected.
        let Ok(credentials) = stream.peer_cred() else {
            return;
        };
        let uid = credentials.uid();
        match self.places.take(uid, rank(uid, self.app_state.uid)) {
            Ok(place) => self.answer(stream, Place::new(place), router.clone()),
            Err(full) => self.rejections.answer(stream, place::refused_answer(full)),
        }
    }

    fn answer(&self, stream: UnixStream, place: Place, router: Router) {
        let (accounts, stop) = (Arc::clone(&self.accounts), self.stop.clone());
        let limits = self.app_state.limits.clone();
        let conversation = async move {
            let peer = accounts.identify(&stream).await?;
            let inner = TowerToHyperService::new(router);
            let held = place.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(peer.clone());
                request.extensions_mut().insert(held.clone());
                inner.call(request)
            });
            converse(stream, service, &limits, &place, &stop)
                .await
                .map_err(io::Error::other)
        };
        let cut = self.cut.clone();
        self.connections.spawn(async move {
            if let Some(Err(error)) = cut.run_until_cancelled(conversation).await {
                tracing::debug!(%error, "a connection to the status socket ended with an error");
            }
        });
    }

    async fn shutdown(&self) {
        self.connections.close();
        let limit = self.app_state.limits.shutdown;
        if tokio::time::timeout(limit, self.connections.wait())
            .await
            .is_err()
        {
            self.cut.cancel();
            self.connections.wait().await;
        }
    }
}

/// Serves HTTP until the peer disconnects, is too slow, has been connected too long, or the daemon stops. A request in
/// progress is answered first.
async fn converse<S>(
    stream: UnixStream,
    service: S,
    limits: &Limits,
    place: &Place,
    stop: &CancellationToken,
) -> hyper::Result<()>
where
    S: Service<
            Request<Incoming>,
            Response = axum::response::Response,
            Error = std::convert::Infallible,
        >,
{
    let io = TokioIo::new(Steady::new(stream, limits.stall));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(64 * 1024);
    let mut connection = std::pin::pin!(http.serve_connection(io, service));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        () = place.held_for(limits.age) => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = place.held_for(limits.shutdown) => Ok(()),
    }
}
