//! The test bench of the demo: a simulated Meta on loopback, a real configuration, inventory, workers and socket in a
//! temporary folder, and a clock that the demo moves.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::apps::{self, APPS};
use super::error::Error;
use super::premises::furnish;
use crate::api::metrics::Metrics;
use crate::api::{self, DaemonHandle, DaemonStatus};
use crate::api_client::Client;
use crate::config;
use crate::daemon::{Services, serve_forecasts, status};
use crate::graph_sim::Simulator;
use crate::http::{self, Backend, ListenAddress, Listener, NowFn};
use crate::inventory::Inventory;
use crate::web;

pub(super) struct Harness {
    pub(super) meta: Simulator,
    pub(super) inventory: Inventory,
    pub(super) client: Client,
    services: Arc<Services>,
    timezone: TimeZone,
    now: Arc<Mutex<Timestamp>>,
    folder: TempDir,
    daemon_status: watch::Sender<DaemonStatus>,
    /// Orders that the socket took.
    new_work: watch::Receiver<()>,
    journal: watch::Sender<()>,
    hang_up: CancellationToken,
}

impl Harness {
    pub(super) async fn set(seed: u64) -> Result<Self, Error> {
        // A Monday morning; every demo starts at the same date.
        let start = Timestamp::from_second(1_772_442_000).unwrap_or(Timestamp::UNIX_EPOCH);
        let (public, address) = open_public().await?;
        let world = apps::world(start, seed, &format!("http://{address}"));
        let meta = Simulator::start(world, ([127, 0, 0, 1], 0).into()).await?;
        let folder = tempfile::Builder::new()
            .prefix("perennial-demo-")
            .tempdir()?;
        let config = furnish(folder.path(), &meta, &address)?;
        let inventory = Inventory::open(&config.inventory)?;
        let services = Arc::new(Services::new(&config, &inventory)?);
        services.announce_sinks();
        for rotation_worker in &services.rotation_workers {
            rotation_worker.begin().await?;
        }
        let now = Arc::new(Mutex::new(start));
        let hang_up = CancellationToken::new();
        let daemon_status = watch::Sender::new(DaemonStatus {
            started_at: start,
            apps: services.apps(start).await?,
            ..DaemonStatus::default()
        });
        let clock = Arc::clone(&now);
        let clock: NowFn = Arc::new(move || *clock.lock().unwrap_or_else(PoisonError::into_inner));
        let backend = Backend {
            inventory: inventory.clone(),
            new_work: watch::Sender::default(),
            journal: watch::Sender::default(),
            forecasts: serve_forecasts(&services, &clock, &hang_up),
            clock,
        };
        let (new_work, journal) = (backend.new_work.subscribe(), backend.journal.clone());
        serve_public(public, &config, &services, &backend, &hang_up);
        let handle = handle(&config, &daemon_status, &backend);
        let listener = api::bind(&config.status.socket)?;
        let service = api::Service::new(backend, handle, hang_up.clone());
        tokio::spawn(service.serve(listener, http::probe().1));
        let client = Client::at(&config.status.socket)?;
        Ok(Self {
            meta,
            inventory,
            client,
            services,
            timezone: config.timezone,
            now,
            folder,
            daemon_status,
            new_work,
            journal,
            hang_up,
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn move_to(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
        self.meta.set_now(now);
    }

    pub(super) async fn sweep(&self) -> Result<(), Error> {
        Ok(self.services.sweep(self.now()).await?)
    }

    /// Publishes the status on the socket, as the daemon does after each sweep.
    pub(super) async fn show(&self) -> Result<(), Error> {
        let now = self.now();
        status::publish(&self.services, &self.daemon_status, (Some(now), None), now).await?;
        self.journal.send_replace(());
        Ok(())
    }

    /// Waits until the socket takes an order, for so long at most.
    pub(super) async fn ordered_within(&mut self, longest: Duration) {
        // The time is up, or there is something to do: both end the wait.
        let _ = timeout(longest, self.new_work.changed()).await;
    }

    /// Delivers what waits for the chatbot. Returns how much that was.
    pub(super) async fn deliver(&self) -> Result<usize, Error> {
        Ok(self.services.deliver(self.now()).await?)
    }

    pub(super) async fn run_alerts(&self) -> Result<(), Error> {
        Ok(self
            .services
            .run_alerts(&self.inventory, self.now())
            .await?)
    }

    pub(super) async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let due = self.inventory.read(|view| {
            let due = APPS.map(|app| view.next_due(app.name));
            due.into_iter().collect::<Result<Vec<_>, _>>()
        });
        Ok(due.await?.into_iter().flatten().min())
    }

    pub(super) const fn timezone(&self) -> &TimeZone {
        &self.timezone
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// Where the chatbot finds its tokens.
    pub(super) fn tokens(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.hang_up.cancel();
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage({})", self.folder.path().display())
    }
}

/// Opens the public pages on any free port, and returns the address with the port.
async fn open_public() -> Result<(Listener, String), Error> {
    let any = ListenAddress::Tcp(([127, 0, 0, 1], 0).into());
    let listener = web::bind(&any).await?;
    let address = listener.address();
    let address = address.ok_or(Error::Scenario("the public pages have no port"))?;
    Ok((listener, address.to_string()))
}

fn serve_public(
    listener: Listener,
    config: &config::Config,
    services: &Services,
    backend: &Backend,
    stop: &CancellationToken,
) {
    if let Some(settings) = config.web.clone() {
        let app_signatures = services.app_signatures();
        let current = watch::channel(web::Current {
            settings,
            app_signatures,
        });
        let backend = backend.clone();
        tokio::spawn(web::serve(listener, backend, current.1, stop.clone()));
    }
}

/// The demo handles no reloads and no test emails; the socket answers such requests with an error.
fn handle(
    config: &config::Config,
    daemon_status: &watch::Sender<DaemonStatus>,
    backend: &Backend,
) -> DaemonHandle {
    DaemonHandle {
        metrics: Metrics::new(
            &backend.inventory,
            &backend.clock,
            daemon_status.subscribe(),
        ),
        settings: watch::channel(config.status.clone()).1,
        daemon_status: daemon_status.subscribe(),
        accesses: Arc::default(),
        reloads: mpsc::channel(1).0,
        mail_tests: mpsc::channel(1).0,
        sink_tests: mpsc::channel(1).0,
    }
}
