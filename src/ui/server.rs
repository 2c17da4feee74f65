//! The overview as a server: where it listens, and its limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::state::UiState;
use super::{page, routes};
use crate::api_client::Client;
use crate::http::{self, BindError, Limits, ListenAddress, Listener, Rank, Shares};
use crate::secret::KeyError;

/// An open port of this machine that serves the pages of one user.
pub struct Overview {
    listener: Listener,
    address: SocketAddr,
    ui: Arc<UiState>,
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
        let ui = UiState::new(client, Access::new()?, page::templates(zone)?);
        Ok(Self {
            listener,
            address,
            ui: Arc::new(ui),
        })
    }

    /// The address that lets one browser in, once.
    pub fn one_time_address(&self) -> Option<String> {
        let path = self.ui.access.one_time_path()?;
        Some(format!("http://{}{path}", self.address))
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: CancellationToken) {
        let server = http::Server {
            name: "overview",
            router: routes::router(self.ui),
            limits: LIMITS,
            rank: |_| Rank::Common,
            refusal: |_| FULL.to_vec(),
        };
        // There is no watchdog to ask it.
        server.run(self.listener, http::probe().1, stop).await;
    }
}

impl std::fmt::Debug for Overview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overview")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
