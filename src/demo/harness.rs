//! The test bench of the demo: a simulated Meta on loopback, a real configuration, inventory, workers and socket in a
//! temporary folder, and a clock that the demo moves.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::api::metrics::Metrics;
use crate::api::{self, DaemonHandle, DaemonStatus};
use crate::api_client::{self, Client};
use crate::config::{self, DiagnosticList, Machine};
use crate::daemon::{Services, ServicesError, serve_forecasts, status};
use crate::graph_sim::{AppSpec, Platform, Simulator, World, WorldError};
use crate::http::{self, Backend, NowFn};
use crate::inventory::{self, Inventory};
use crate::secret::{Key, KeyError};

/// An app of the operator, with the same secret as the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct DemoApp {
    pub(super) name: &'static str,
    pub(super) id: &'static str,
    platform: Platform,
}

const APP_SECRET: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

pub(super) const MAIN_APP: DemoApp = DemoApp {
    name: "acme",
    id: "257422819769992",
    platform: Platform::Facebook,
};
pub(super) const INSTAGRAM_APP: DemoApp = DemoApp {
    name: "acme-instagram",
    id: "1094551772026115",
    platform: Platform::Instagram,
};
pub(super) const THREADS_APP: DemoApp = DemoApp {
    name: "acme-threads",
    id: "3310480272591046",
    platform: Platform::Threads,
};
const APPS: [DemoApp; 3] = [MAIN_APP, INSTAGRAM_APP, THREADS_APP];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the demo could not be set up: {0}")]
    Io(#[from] io::Error),
    #[error(
        "the demo's own configuration is invalid. This is a bug in Perennial; please report it:\n{0}"
    )]
    Config(#[from] DiagnosticList),
    #[error(transparent)]
    Services(#[from] ServicesError),
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    #[error("the demo's socket: {0}")]
    Bind(#[from] http::BindError),
    #[error("the demo's socket: {0}")]
    Client(#[from] api_client::Error),
    #[error("the simulated Meta refuses: {0}")]
    World(#[from] WorldError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the demo's scenario is wrong. This is a bug in Perennial; please report it: {0}")]
    Scenario(&'static str),
}

pub(super) struct Harness {
    pub(super) meta: Simulator,
    pub(super) inventory: Inventory,
    pub(super) client: Client,
    services: Arc<Services>,
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
        let meta = Simulator::start(world(start, seed), ([127, 0, 0, 1], 0).into()).await?;
        let folder = tempfile::Builder::new()
            .prefix("perennial-demo-")
            .tempdir()?;
        let config = furnish(folder.path(), &meta)?;
        let inventory = Inventory::open(&config.inventory)?;
        let services = Arc::new(Services::new(&config, &inventory)?);
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
        let handle = handle(&config, &daemon_status, &backend);
        let backend = (backend, handle);
        let listener = api::bind(&config.status.socket)?;
        let stop = hang_up.clone();
        let service = api::Service::new(backend.0, backend.1, stop);
        tokio::spawn(service.serve(listener, http::probe().1));
        let client = Client::at(&config.status.socket)?;
        Ok(Self {
            meta,
            inventory,
            client,
            services,
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

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
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

fn world(start: Timestamp, seed: u64) -> World {
    let mut world = World::new(start, seed);
    for app in APPS {
        world.add_app(AppSpec {
            id: app.id.to_owned(),
            secret: APP_SECRET.to_owned(),
            name: "Acme".to_owned(),
            platform: app.platform,
            ..AppSpec::default()
        });
    }
    world
}

/// Writes the files that an operator would have: configuration, key and app secret.
fn furnish(folder: &Path, meta: &Simulator) -> Result<config::Config, Error> {
    fs::create_dir(folder.join("mail"))?;
    write_secret(&folder.join("inventory.key"), &Key::generate()?.to_base64())?;
    write_secret(&folder.join("acme.secret"), APP_SECRET)?;
    let file = folder.join("perennial.toml");
    let here = folder.display();
    let apps: String = APPS.map(|app| app.section(folder, meta)).concat();
    fs::write(
        &file,
        format!(
            r#"timezone = "Europe/Berlin"

{apps}[inventory]
path = "{here}/inventory.db"
key = {{ file = "{here}/inventory.key" }}

[alerts]
from = "Perennial <perennial@acme.example>"
to = ["ops@acme.example"]
directory = "{here}/mail"

[status]
socket = "{here}/perennial.sock"
"#
        ),
    )?;
    Ok(config::load(&file, &Machine::here())?)
}

impl DemoApp {
    fn section(self, folder: &Path, meta: &Simulator) -> String {
        format!(
            r#"[[app]]
name = "{}"
id = "{}"
platform = "{}"
secret = {{ file = "{}/acme.secret" }}
graph_url = "{}"
calls_per_hour = 200

"#,
            self.name,
            self.id,
            self.platform.title().to_lowercase(),
            folder.display(),
            meta.url_of(self.platform),
        )
    }
}

fn write_secret(path: &Path, content: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    io::Write::write_all(&mut file, content.as_bytes())
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
