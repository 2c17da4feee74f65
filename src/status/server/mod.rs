//! The listener: who gets a place, for how long, and how it ends.

mod bind;
mod steady;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::peer::Accounts;
use super::reception::{Limits, Reception};
use super::{Desk, routes};
pub use bind::{BindError, bind};
use steady::Steady;

/// Answers on `listener` until `stop`. Then open requests are finished, followers are let go, and the socket is gone.
pub async fn serve(listener: UnixListener, desk: Desk, stop: CancellationToken) -> io::Result<()> {
    serve_within(listener, desk, Limits::default(), stop).await
}

pub(super) async fn serve_within(
    listener: UnixListener,
    desk: Desk,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let server = Server {
        places: Arc::new(Semaphore::new(limits.connections)),
        reception: Arc::new(Reception::new(desk, limits, stop.clone())),
        accounts: Arc::default(),
        connections: TaskTracker::new(),
        stop,
        cut: CancellationToken::new(),
    };
    server.accept(&listener).await;
    if let Some(path) = listener.local_addr()?.as_pathname() {
        std::fs::remove_file(path).ok();
    }
    server.farewell().await;
    Ok(())
}

struct Server {
    reception: Arc<Reception>,
    accounts: Arc<Accounts>,
    places: Arc<Semaphore>,
    connections: TaskTracker,
    stop: CancellationToken,
    /// Ends what did not end by itself.
    cut: CancellationToken,
}

/// When the machine has no more descriptors, accepting at once would only fail again.
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(100);

impl Server {
    /// Gives each connection a place. Whoever finds none waits in the listener's queue.
    async fn accept(&self, listener: &UnixListener) {
        let router = routes::router(Arc::clone(&self.reception));
        loop {
            let next = async {
                let place = Arc::clone(&self.places).acquire_owned().await;
                let accepted = listener.accept().await;
                place
                    .map_err(io::Error::other)
                    .and_then(|place| Ok((place, accepted?.0)))
            };
            match self.stop.run_until_cancelled(next).await {
                None => return,
                Some(Ok((place, stream))) => self.answer(stream, Place::new(place), router.clone()),
                Some(Err(error)) => {
                    tracing::warn!("the status socket could not take a connection: {error}");
                    tokio::time::sleep(PAUSE_AFTER_FAULT).await;
                }
            }
        }
    }

    fn answer(&self, stream: UnixStream, place: Place, router: Router) {
        let (accounts, stop) = (Arc::clone(&self.accounts), self.stop.clone());
        let limits = self.reception.limits.clone();
        let conversation = async move {
            let peer = accounts.identify(&stream).await?;
            let inner = TowerToHyperService::new(router);
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(peer.clone());
                request.extensions_mut().insert(place.clone());
                inner.call(request)
            });
            converse(stream, service, &limits, &stop)
                .await
                .map_err(io::Error::other)
        };
        let cut = self.cut.clone();
        self.connections.spawn(async move {
            if let Some(Err(error)) = cut.run_until_cancelled(conversation).await {
                tracing::debug!(%error, "a connection to the status socket broke off");
            }
        });
    }

    async fn farewell(&self) {
        self.connections.close();
        let limit = self.reception.limits.farewell;
        if tokio::time::timeout(limit, self.connections.wait())
            .await
            .is_err()
        {
            self.cut.cancel();
            self.connections.wait().await;
        }
    }
}

/// Speaks HTTP until the peer goes, is too slow, or the daemon stops and the request at hand is answered.
async fn converse<S>(
    stream: UnixStream,
    service: S,
    limits: &Limits,
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
    }
    connection.await
}

/// A place among the connections; a follower gives it up and is counted elsewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(Mutex::new(Some(permit))))
    }

    pub(super) fn give_up(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
