//! The overview as a server: where it listens, and its limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::gate::{Gate, Settings};
use super::routes::OneUser;
use super::state::UiState;
use super::{page, routes};
use crate::api::LocalApi;
use crate::api_client::Client;
use crate::http::{self, BindError, Limits, ListenAddress, Listener, Rank, Shares};
use crate::secret::{KeyError, random_id};

/// An open port of this machine that serves the pages of one user.
pub struct Overview {
    listener: Listener,
    address: SocketAddr,
    of: OneUser,
}

/// The permanent form: a Unix socket behind the operator's own proxy, for every user whom that names.
pub struct SharedOverview {
    listener: Listener,
    gate: Gate,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the overview listens only on this machine: write 127.0.0.1:0 or [::1]:0, not {0}")]
    NotLoopback(SocketAddr),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    NoRandomness(#[from] KeyError),
    #[error("a page of the overview cannot be read: {0}")]
    Templates(#[from] minijinja::Error),
    #[error("the port of the overview is unknown")]
    NoPort,
}

/// All connections come from this machine, so they cannot be told apart.
const LIMITS: Limits = Limits {
    shares: Shares {
        common: 64,
        each: 64,
        reserved: 0,
    },
    head: Duration::from_secs(10),
    buffer: 32 * 1024,
    stall: Duration::from_secs(60),
    // An export of a million tokens is one request.
    age: Duration::from_secs(900),
    shutdown: Duration::from_secs(2),
};

/// The proxy is a single peer, and no other peer may take all connections from it.
const SHARES_BEHIND_PROXY: Shares = Shares {
    common: 128,
    each: 64,
    reserved: 0,
};

const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    cache-control: no-store\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 22\r\n\r\n\
    Too many connections.\n";

impl Overview {
    /// Opens the port. `zone` is for the times on the pages.
    pub async fn open(
        listen: SocketAddr,
        client: Client,
        zone: TimeZone,
    ) -> Result<Self, OpenError> {
        let own = [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ];
        if !own.contains(&listen.ip()) {
            return Err(OpenError::NotLoopback(listen));
        }
        let listener = Listener::open(&ListenAddress::Tcp(listen), "--listen").await?;
        let address = listener.address().ok_or(OpenError::NoPort)?;
        let access = Access::new()?;
        let ui = UiState {
            client,
            base: access.base().to_owned(),
            form_token: random_id()?,
            uid: 0,
            templates: Arc::new(page::templates(zone)?),
            links: Arc::default(),
        };
        let ui = Arc::new(ui);
        Ok(Self {
            listener,
            address,
            of: OneUser { access, ui },
        })
    }

    /// The address that lets one browser in, once.
    pub fn one_time_address(&self) -> Option<String> {
        let path = self.of.access.one_time_path()?;
        Some(format!("http://{}{path}", self.address))
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: CancellationToken) {
        let server = server(routes::router(self.of), LIMITS);
        // There is no watchdog to ask it.
        server.run(self.listener, http::probe().1, stop).await;
    }
}

impl SharedOverview {
    pub fn new(
        listener: Listener,
        api: LocalApi,
        settings: watch::Receiver<Settings>,
    ) -> Result<Self, OpenError> {
        let zone = settings.borrow().timezone.clone();
        let gate = Gate::new(api, settings, Arc::new(page::templates(zone)?))?;
        Ok(Self { listener, gate })
    }

    /// Serves until `stop`. Returns the server's name.
    pub async fn serve(self, stop: CancellationToken) -> &'static str {
        let limits = Limits {
            shares: SHARES_BEHIND_PROXY,
            ..LIMITS
        };
        let server = server(routes::shared_router(self.gate), limits);
        // The watchdog does not ask it: it may be off.
        server.run(self.listener, http::probe().1, stop).await
    }
}

/// Opens the socket of the permanent form.
pub fn bind(path: &Path) -> Result<Listener, BindError> {
    Listener::open_socket(path, "[ui] listen")
}

fn server(router: Router, limits: Limits) -> http::Server {
    http::Server {
        name: "overview",
        router,
        limits,
        rank: |_| Rank::Common,
        refusal: |_| FULL.to_vec(),
    }
}

impl std::fmt::Debug for Overview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overview")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SharedOverview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedOverview")
    }
}
