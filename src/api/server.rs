//! The status socket as a server: where it is, who has reserved slots, and what a peer without a slot is told.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio_util::sync::CancellationToken;

use super::accounts::Accounts;
use super::local::LocalApi;
use super::peer;
use super::state::{AppState, Limits, SocketState};
use super::types::{Problem, ProblemType};
use super::{DaemonHandle, request_durations, routes};
use crate::http::{self, Backend, BindError, Full, Holder, Listener, Origin, Questions, Rank};

/// Opens the socket.
pub fn bind(path: &Path) -> Result<Listener, BindError> {
    Listener::open_socket(path, "[status] socket")
}

/// The routes and what they share, for the socket and for the overview in the same process.
#[derive(Debug)]
pub struct Service {
    app_state: Arc<AppState>,
    accounts: Arc<Accounts>,
    stop: CancellationToken,
}

impl Service {
    /// Answers until `stop`.
    pub fn new(backend: Backend, daemon: DaemonHandle, stop: CancellationToken) -> Self {
        Self::within(Limits::default(), (backend, daemon), stop)
    }

    pub(super) fn within(
        limits: Limits,
        (backend, daemon): (Backend, DaemonHandle),
        stop: CancellationToken,
    ) -> Self {
        let own = SocketState::new(daemon, limits, stop.clone());
        Self {
            app_state: Arc::new(http::AppState::new(backend, own)),
            accounts: Arc::default(),
            stop,
        }
    }

    /// The same routes, without a connection.
    pub fn local(&self) -> LocalApi {
        let settings = self.app_state.settings.clone();
        LocalApi::new(self.router(), Arc::clone(&self.accounts), settings)
    }

    /// Serves `listener`; the accept loop also answers the watchdog's `questions`. Returns the server's name.
    pub async fn serve(self, listener: Listener, questions: Questions) -> &'static str {
        let accounts = Arc::clone(&self.accounts);
        let server = http::Server {
            name: "status socket",
            router: self
                .router()
                .layer(middleware::from_fn_with_state(accounts, identify)),
            limits: self.app_state.limits.connections,
            rank,
            refusal,
        };
        server.run(listener, questions, self.stop).await
    }

    pub(super) fn router(&self) -> Router {
        let durations = self.app_state.metrics.durations.clone();
        let measure = middleware::from_fn_with_state(durations, request_durations::measure);
        routes::router(Arc::clone(&self.app_state)).layer(measure)
    }
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
