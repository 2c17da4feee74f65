//! A server: accepts connections, limits them, and closes them at shutdown.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection_slots::{Full, Holder, Rank, Shares, Slot, Slots};
use super::listener::{Listener, Origin, Stream};
use super::probe::Questions;
use super::refusal::Rejections;
use super::write_timeout::Steady;

/// Limits that keep one peer from crowding out the others.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A connection carries one request at a time, so this also limits concurrent requests.
    pub shares: Shares,
    /// How long a request head may take; also how long a connection may be idle.
    pub head: Duration,
    /// How much of a head is read.
    pub buffer: usize,
    /// How long a peer may take to read the next piece of an answer.
    pub stall: Duration,
    /// How long a connection takes new requests, however busy it is. Slots that were given up are exempt.
    pub age: Duration,
    /// How long an open request may take when the daemon stops or the connection's time is over.
    pub shutdown: Duration,
}

/// What distinguishes one server from another.
#[derive(Debug)]
pub struct Server {
    pub name: &'static str,
    pub router: Router,
    pub limits: Limits,
    /// Whether a peer has reserved slots.
    pub rank: fn(Holder) -> Rank,
    /// The whole answer for a connection that gets no slot.
    pub refusal: fn(Full) -> Vec<u8>,
}

/// The slot of a connection. A request that lasts long gives it up and is counted elsewhere.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSlot(Arc<Mutex<Option<Slot>>>);

/// When the machine has no more file descriptors, an immediate retry would only fail again.
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(100);

impl Server {
    /// Serves `listener` until `stop`, and answers the watchdog's `questions`. Then it removes the socket and finishes
    /// open requests. Returns the server's name.
    pub async fn run(
        self,
        listener: Listener,
        questions: Questions,
        stop: CancellationToken,
    ) -> &'static str {
        let name = self.name;
        let connections = Connections {
            slots: Slots::new(self.limits.shares),
            server: self,
            rejections: Rejections::default(),
            tasks: TaskTracker::new(),
            stop,
            cut: CancellationToken::new(),
        };
        connections.accept(&listener, questions).await;
        listener.close();
        connections.shut_down().await;
        name
    }
}

/// The answer to a request that came over no connection.
pub async fn answer(router: Router, request: axum::extract::Request) -> axum::response::Response {
    match TowerToHyperService::new(router).call(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

struct Connections {
    server: Server,
    slots: Arc<Slots>,
    rejections: Rejections,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Closes the connections that did not end in time.
    cut: CancellationToken,
}

impl Connections {
    /// Accepts connections. It never waits for a peer: without a free slot it refuses and closes the connection.
    async fn accept(&self, listener: &Listener, mut questions: Questions) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                Some(question) = questions.recv() => {
                    // The watchdog may have stopped waiting.
                    let _ = question.send(());
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, origin)) => self.receive(stream, origin),
                Err(error) => {
                    let name = self.server.name;
                    tracing::warn!(
                        "cannot accept a connection on the {name}, trying again: {error}"
                    );
                    sleep(PAUSE_AFTER_FAULT).await;
                }
            }
        }
    }

    fn receive(&self, stream: Stream, origin: Origin) {
        let holder = origin.holder();
        match self.slots.take(holder, (self.server.rank)(holder)) {
            Ok(slot) => self.answer(stream, origin, ConnectionSlot::new(slot)),
            Err(full) => self.rejections.answer(stream, (self.server.refusal)(full)),
        }
    }

    fn answer(&self, stream: Stream, origin: Origin, slot: ConnectionSlot) {
        let inner = TowerToHyperService::new(self.server.router.clone());
        let held = slot.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(origin);
            request.extensions_mut().insert(held.clone());
            inner.call(request)
        });
        let (name, limits) = (self.server.name, self.server.limits);
        let (stop, cut) = (self.stop.clone(), self.cut.clone());
        self.tasks.spawn(async move {
            let conversation = converse(stream, service, &limits, &slot, &stop);
            if let Some(Err(error)) = cut.run_until_cancelled(conversation).await {
                tracing::debug!(%error, "a connection to the {name} ended with an error");
            }
        });
    }

    async fn shut_down(&self) {
        self.tasks.close();
        let limit = self.server.limits.shutdown;
        if timeout(limit, self.tasks.wait()).await.is_err() {
            self.cut.cancel();
            self.tasks.wait().await;
        }
    }
}

/// Serves HTTP until the peer disconnects, is too slow, has been connected too long, or the daemon stops. A request in
/// progress is answered first.
async fn converse<S>(
    stream: Stream,
    service: S,
    limits: &Limits,
    slot: &ConnectionSlot,
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
        .max_buf_size(limits.buffer);
    let mut connection = std::pin::pin!(http.serve_connection(io, service));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        () = slot.held_for(limits.age) => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = slot.held_for(limits.shutdown) => Ok(()),
    }
}

impl ConnectionSlot {
    fn new(slot: Slot) -> Self {
        Self(Arc::new(Mutex::new(Some(slot))))
    }

    pub fn give_up(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Returns when the slot has been held for `age` from now; never returns for a slot that was given up.
    async fn held_for(&self, age: Duration) {
        sleep(age).await;
        let is_held = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        if !is_held {
            std::future::pending().await
        }
    }
}
