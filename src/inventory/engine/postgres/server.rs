//! The server that several connections of an inventory share: which of its hosts answers, and when to try again after
//! none did.

use std::error::Error as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::time::timeout;
use tokio_postgres::Config;

use super::address::Address;
use super::fault::Fault;
use super::link::{Link, Waiting};
use super::server_error::ServerError;
use super::tls::Tls;
use super::{CONNECT, session};

/// A server, and how the last attempt to connect to it went.
pub(in crate::inventory) struct Server {
    address: Address,
    tls: Tls,
    attempts: Mutex<Attempts>,
}

#[derive(Default)]
struct Attempts {
    /// The host that answered last.
    host: usize,
    failures: u32,
    failed: Option<(Instant, ServerError)>,
}

impl Attempts {
    /// Why the last attempt failed, while the pause after it lasts.
    fn still_failing(&self) -> Option<ServerError> {
        let (at, error) = self.failed.as_ref()?;
        (at.elapsed() < self.pause()).then(|| error.clone())
    }

    fn pause(&self) -> Duration {
        let failures = self.failures.clamp(1, 16);
        FIRST_PAUSE
            .saturating_mul(1 << (failures - 1))
            .min(LONGEST_PAUSE)
    }
}

/// How long to wait after the first failure. Each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Keepalives find a peer that is gone while nothing is sent.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(3);
const KEEPALIVE_RETRIES: u32 = 3;

impl Server {
    pub(in crate::inventory) fn new(address: &Address) -> Result<Self, ServerError> {
        let tls = Tls::new(address.authority()).map_err(|reason| ServerError::Tls {
            server: address.to_string(),
            reason,
        })?;
        Ok(Self {
            address: address.clone(),
            tls,
            attempts: Mutex::default(),
        })
    }

    pub(in crate::inventory) const fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn name(&self) -> String {
        self.address.to_string()
    }

    /// Connects to the first host that answers. Does not try while the pause after the last failure lasts.
    pub(super) fn connect(&self) -> Result<Link, ServerError> {
        if let Some(error) = self.attempts().still_failing() {
            return Err(error);
        }
        let first = self.attempts().host;
        let hosts = self.address.hosts();
        let mut outcome = Err(self.unreachable("it has no host"));
        for host in (first..hosts).chain(0..first) {
            outcome = self.connect_to(host);
            if outcome.is_ok() {
                self.attempts().host = host;
                break;
            }
        }
        let mut attempts = self.attempts();
        match &outcome {
            Ok(_) => (attempts.failures, attempts.failed) = (0, None),
            Err(error) => {
                attempts.failures = attempts.failures.saturating_add(1);
                attempts.failed = Some((Instant::now(), error.clone()));
            }
        }
        outcome
    }

    /// Of its own runtime, which runs only while somebody waits for an answer.
    fn connect_to(&self, host: usize) -> Result<Link, ServerError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = Waiting::new(runtime.map_err(|error| self.unreachable(&error.to_string()))?);
        let config = self.config(host)?;
        let connecting = async { timeout(CONNECT, config.connect(self.tls.clone())).await };
        let (client, connection) = match runtime.block_on(connecting) {
            Some(Ok(connected)) => connected.map_err(|error| self.refused(&error))?,
            Some(Err(_)) | None => {
                return Err(self.unreachable(&Fault::silent(CONNECT).to_string()));
            }
        };
        let link = Link::new(runtime, client, connection);
        session::set_up(&link, &self.name())?;
        Ok(link)
    }

    fn config(&self, host: usize) -> Result<Config, ServerError> {
        let config = self.address.config(host);
        let mut config = config.map_err(|error| self.unreachable(&error.to_string()))?;
        config
            .connect_timeout(CONNECT)
            .tcp_user_timeout(super::CALL)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES);
        Ok(config)
    }

    fn refused(&self, error: &tokio_postgres::Error) -> ServerError {
        let (server, reason) = (self.name(), Fault::from(error).to_string());
        let code = error.code().map(|code| code.code().to_owned());
        match code.as_deref() {
            // Wrong password, no line in pg_hba.conf, no such database, no right to connect.
            Some("28000" | "28P01" | "3D000" | "42501") => ServerError::Login { server, reason },
            _ if reason.starts_with("authentication error")
                || reason.contains("password missing") =>
            {
                ServerError::Login { server, reason }
            }
            _ if is_of_encryption(error) => ServerError::Tls { server, reason },
            _ => ServerError::Unreachable { server, reason },
        }
    }

    fn unreachable(&self, reason: &str) -> ServerError {
        ServerError::Unreachable {
            server: self.name(),
            reason: reason.to_owned(),
        }
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the certificate is not good, or there is none. A handshake that was cut off may succeed the next time.
fn is_of_encryption(error: &tokio_postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        let inner = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if matches!(inner, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        if cause.to_string() == "server does not support TLS" {
            return true;
        }
        source = cause.source();
    }
    false
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.address)
    }
}
