//! The status socket as a server: where it is, who has reserved slots, and what a peer without a slot is told.

use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio_util::sync::CancellationToken;

use super::peer::{self, Accounts};
use super::state::{Limits, SocketState};
use super::types::{Problem, ProblemType};
use super::{DaemonHandle, request_durations, routes};
use crate::http::{self, Backend, BindError, Full, Holder, Listener, Origin, Questions, Rank};

/// Opens the socket.
pub fn bind(path: &Path) -> Result<Listener, BindError> {
    Listener::open_socket(path, "[status] socket")
}

/// Serves `listener` until `stop`; the accept loop also answers the watchdog's `questions`. Returns the server's name.
pub async fn serve(
    listener: Listener,
    (backend, daemon): (Backend, DaemonHandle),
    questions: Questions,
    stop: CancellationToken,
) -> &'static str {
    serve_within(
        listener,
        (backend, daemon),
        Limits::default(),
        questions,
        stop,
    )
    .await
}

pub(super) async fn serve_within(
    listener: Listener,
    (backend, daemon): (Backend, DaemonHandle),
    limits: Limits,
    questions: Questions,
    stop: CancellationToken,
) -> &'static str {
    let connections = limits.connections;
    let own = SocketState::new(daemon, limits, stop.clone());
    let durations = own.metrics.durations.clone();
    let routes = routes::router(Arc::new(http::AppState::new(backend, own)));
    let accounts = Arc::<Accounts>::default();
    let server = http::Server {
        name: "status socket",
        router: routes
            .layer(middleware::from_fn_with_state(accounts, identify))
            .layer(middleware::from_fn_with_state(
                durations,
                request_durations::measure,
            )),
        limits: connections,
        rank,
        refusal,
    };
    server.run(listener, questions, stop).await
}

async fn identify(
    State(accounts): State<Arc<Accounts>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(Origin::Process(credentials)) = request.extensions().get() {
        let peer = accounts.identify(*credentials).await;
        request.extensions_mut().insert(peer);
    }
    next.run(request).await
}

fn rank(holder: Holder) -> Rank {
    match holder {
        Holder::User(uid) => peer::rank(uid, nix::unistd::geteuid().as_raw()),
        Holder::Address(_) => Rank::Common,
    }
}

/// The whole HTTP answer, as bytes.
fn refusal(full: Full) -> Vec<u8> {
    let detail = match full {
        Full::Share(share) => format!(
            "your user already holds {share} connections, the limit for one user. Close one, or use an open one"
        ),
        Full::All => "all connections are in use. Try again in a second".to_owned(),
    };
    let problem = Problem::new(ProblemType::TooManyConnections, detail);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         retry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}
