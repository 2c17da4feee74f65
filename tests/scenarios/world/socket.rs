//! The harness's status socket, with the state that the daemon would give it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

use jiff::Timestamp;
use perennial::api::metrics::Metrics;
use perennial::api::{self, DaemonHandle, DaemonStatus};
use perennial::api_client::Client;
use perennial::config::{self, Machine};
use perennial::daemon::{Services, serve_forecasts, status};
use perennial::http::{self, Backend, NowFn};
use perennial::secret::Key;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::database::Database;
use super::{APP, APP_SECRET, OPERATOR, Result, World};

pub struct Socket {
    pub client: Client,
    services: Arc<Services>,
    daemon_status: watch::Sender<DaemonStatus>,
    now: Arc<Mutex<Timestamp>>,
    hang_up: CancellationToken,
}

impl World {
    /// What the configuration of [`furnish`] wires together.
    pub(super) fn services(&self) -> Result<Arc<Services>> {
        let config = furnish(self.folder.path(), &self.meta.url())?;
        Ok(Arc::new(Services::new(&config, &self.inventory)?))
    }

    /// Opens the socket. Its clock stops until [`Socket::publish_status`].
    pub async fn open_socket(&self) -> Result<Socket> {
        let config = furnish(self.folder.path(), &self.meta.url())?;
        let services = Arc::new(Services::new(&config, &self.inventory)?);
        let hang_up = CancellationToken::new();
        let now = Arc::new(Mutex::new(self.now));
        let clock = Arc::clone(&now);
        let daemon_status = watch::Sender::new(DaemonStatus {
            started_at: self.now,
            apps: services.apps(self.now).await?,
            ..DaemonStatus::default()
        });
        let clock: NowFn = Arc::new(move || *clock.lock().unwrap_or_else(PoisonError::into_inner));
        let backend = Backend {
            inventory: self.inventory.clone(),
            new_work: watch::Sender::new(()),
            journal: watch::Sender::new(()),
            forecasts: serve_forecasts(&services, &clock, &hang_up),
            clock,
        };
        let metrics = Metrics::new(
            &backend.inventory,
            &backend.clock,
            daemon_status.subscribe(),
        );
        let handle = DaemonHandle {
            metrics,
            settings: watch::channel(config.status.clone()).1,
            daemon_status: daemon_status.subscribe(),
            accesses: Arc::default(),
            reloads: mpsc::channel(1).0,
            mail_tests: mpsc::channel(1).0,
            sink_tests: mpsc::channel(1).0,
        };
        let listener = api::bind(&config.status.socket)?;
        let (questions, stop) = (http::probe().1, hang_up.clone());
        let service = api::Service::new(backend, handle, stop);
        tokio::spawn(service.serve(listener, questions));
        Ok(Socket {
            client: Client::at(&config.status.socket)?,
            services,
            daemon_status,
            now,
            hang_up,
        })
    }
}

impl Socket {
    /// Publishes the status, as the daemon does after each sweep. `swept` is the end of the last full sweep.
    pub async fn publish_status(&self, now: Timestamp, swept: Timestamp) -> Result {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
        let sweeps = (Some(swept), Some(now));
        Ok(status::publish(&self.services, &self.daemon_status, sweeps, now).await?)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.hang_up.cancel();
    }
}

fn furnish(folder: &Path, graph_url: &str) -> Result<config::Config> {
    let database = Database::new()?;
    if let Some(url) = database.url() {
        write_secret(&folder.join("inventory.url"), url)?;
    }
    let place = database.line(folder);
    write_secret(&folder.join("key"), &Key::generate()?.to_base64())?;
    write_secret(&folder.join("secret"), APP_SECRET)?;
    let (file, here) = (folder.join("perennial.toml"), folder.display());
    fs::write(
        &file,
        format!(
            r#"
            [[app]]
            name = "acme"
            id = "{APP}"
            secret = {{ file = "{here}/secret" }}
            graph_url = "{graph_url}"
            [inventory]
            {place}
            key = {{ file = "{here}/key" }}
            [alerts]
            from = "perennial@example.com"
            to = ["{OPERATOR}"]
            directory = "{here}/mail"
            [status]
            socket = "{here}/socket"
            "#
        ),
    )?;
    Ok(config::load(&file, &Machine::here())?)
}

fn write_secret(path: &Path, content: &str) -> io::Result<()> {
    fs::write(path, content)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}
