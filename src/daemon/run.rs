//! `perennial run`: opens everything, reports readiness, and works until it is stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::Error;
use super::recovery::{self, RunState};
use super::services::Services;
use super::signals::{Signal, SignalStream};
use super::watchdog::Watchdog;
use super::web_server::WebServer;
use super::workers::{SharedState, Workers};
use super::{clock, startup, status, systemd};
use crate::alerts;
use crate::api::{self, Backend, DaemonStatus, MailTest, Probe, Questions, Reload};
use crate::config::{self, Config, Machine};
use crate::inventory::Inventory;

/// systemd kills the daemon after 30 s. Work that is unfinished by then is dropped and repeated after the next start.
const PATIENCE: Duration = Duration::from_secs(20);
/// The interval of the liveness checks without a systemd watchdog; they are then only logged.
const WATCHDOG_EVERY: Duration = Duration::from_secs(30);

pub(super) struct Daemon {
    pub(super) path: PathBuf,
    pub(super) machine: Machine,
    pub(super) config: Config,
    pub(super) inventory: Inventory,
    pub(super) run_id: RunState,
    pub(super) services: Arc<Services>,
    pub(super) workers: Workers,
    /// Workers of earlier configurations that finish their current work.
    pub(super) retiring: TaskTracker,
    pub(super) shared: SharedState,
    pub(super) settings: watch::Sender<api::Settings>,
    pub(super) web_server: WebServer,
}

/// Runs until a signal ends it. Writes nothing before configuration, key and database are found valid.
pub async fn run(path: &Path, machine: Machine) -> Result<(), Error> {
    let mut signals = SignalStream::open().map_err(Error::temporary)?;
    let config = config::load(path, &machine).map_err(|p| Error::Misconfigured(p.to_string()))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let inventory = startup::open(&config.inventory)?;
    let services = services(&config, &inventory).map_err(Error::Misconfigured)?;
    let listener = api::bind(&config.status.socket).map_err(Error::temporary)?;
    let (web_server, web_task) = WebServer::open(&config, &services)
        .await
        .map_err(Error::temporary)?;

    let (reloads, mut reload_orders) = mpsc::channel(4);
    let (mail_test_requests, mut mail_tests) = mpsc::channel(4);
    let mut daemon =
        Daemon::assemble(path, machine, config, inventory, services, web_server).await?;
    let hang_up = CancellationToken::new();
    let backend = daemon.backend(reloads, mail_test_requests);
    let (probe, questions) = api::probe();
    let mut socket = tokio::spawn(serve(listener, backend, questions, hang_up.clone()));
    let (inventory, wake_rotation) = (
        daemon.inventory.clone(),
        Arc::clone(&daemon.shared.wake_rotation),
    );
    let mut web_task = tokio::spawn(web_task.serve(inventory, wake_rotation, hang_up.clone()));
    daemon.watch_the_disk(hang_up.clone());
    let first_log_lines = status::describe(&daemon.services).await;
    systemd::ready(&first_log_lines);
    tracing::info!("ready: {first_log_lines}");

    let mut watchdog_tick = tokio::time::interval_at(
        Instant::now() + WATCHDOG_EVERY,
        systemd::watchdog().unwrap_or(WATCHDOG_EVERY * 2) / 2,
    );
    let ended = loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Stop => break Ok(()),
                Signal::Reload => { daemon.reload("a signal").await.ok(); }
            },
            Some(order) = reload_orders.recv() => daemon.reload_for(order).await,
            Some(order) = mail_tests.recv() => daemon.send_test_email(order).await,
            _ = watchdog_tick.tick() => daemon.ping_watchdog(&probe).await,
            ended_worker = daemon.workers.ended_worker() => break Err(format!("a worker ended unexpectedly: {ended_worker}")),
            _ = &mut socket => break Err("the status socket closed unexpectedly".to_owned()),
            _ = &mut web_task => break Err("the public web server closed unexpectedly".to_owned()),
        }
    };
    systemd::stopping();
    tracing::info!("stopping: finishing the current work");
    hang_up.cancel();
    daemon
        .wind_up(socket, web_task, ended)
        .await
        .map_err(Error::Temporary)
}

pub(super) fn services(config: &Config, inventory: &Inventory) -> Result<Arc<Services>, String> {
    Services::new(config, inventory)
        .map(Arc::new)
        .map_err(|error| error.to_string())
}

async fn serve(
    listener: UnixListener,
    backend: Backend,
    questions: Questions,
    hang_up: CancellationToken,
) {
    if let Err(error) = api::serve_probed(listener, backend, questions, hang_up).await {
        tracing::error!("the status socket failed and is closed: {error}");
    }
}

impl Daemon {
    async fn assemble(
        path: &Path,
        machine: Machine,
        config: Config,
        inventory: Inventory,
        services: Arc<Services>,
        web_server: WebServer,
    ) -> Result<Self, Error> {
        let now = clock::now();
        let run_id = RunState::begin(&inventory, now).await?;
        let apps = services.apps(now).await?;
        let daemon_status = DaemonStatus {
            started_at: now,
            apps,
            ..DaemonStatus::default()
        };
        let shared = SharedState {
            daemon_status: watch::Sender::new(daemon_status),
            journal: watch::Sender::new(()),
            wake_rotation: Arc::default(),
            watchdog: Arc::new(Watchdog::new()),
            clock: Arc::default(),
            outbox: Arc::default(),
            accesses: Arc::default(),
        };
        let workers = Workers::start(&services, &config.schedule, &config.timezone, &shared);
        let settings = watch::Sender::new(config.status.clone());
        let path = path.to_owned();
        Ok(Self {
            path,
            machine,
            config,
            inventory,
            run_id,
            services,
            workers,
            retiring: TaskTracker::new(),
            shared,
            settings,
            web_server,
        })
    }

    fn backend(
        &self,
        reloads: mpsc::Sender<Reload>,
        mail_test_requests: mpsc::Sender<MailTest>,
    ) -> Backend {
        Backend {
            inventory: self.inventory.clone(),
            settings: self.settings.subscribe(),
            daemon_status: self.shared.daemon_status.subscribe(),
            wake_rotation: Arc::clone(&self.shared.wake_rotation),
            journal: self.shared.journal.clone(),
            accesses: Arc::clone(&self.shared.accesses),
            reloads,
            mail_tests: mail_test_requests,
            clock: Arc::new(clock::now),
        }
    }

    fn watch_the_disk(&self, stop: CancellationToken) {
        self.retiring.spawn(recovery::retry_until_written(
            self.inventory.clone(),
            self.run_id.clone(),
            self.shared.clone(),
            stop,
        ));
    }

    async fn send_test_email(&self, order: MailTest) {
        let operators = self.services.alerts.operators.clone();
        let to = order.to.map_or(operators, |address| vec![address]);
        let now = clock::now();
        let written =
            alerts::send_test_email(&self.inventory, &self.services.alerts, to, now).await;
        self.workers.wake_email();
        self.shared.journal.send_replace(());
        let _ = order
            .answer
            .send(written.map_err(|error| error.to_string()));
    }

    async fn ping_watchdog(&self, probe: &Probe) {
        let socket = (probe, self.config.status.socket.as_path());
        match self
            .shared
            .watchdog
            .stalled_component(&self.inventory, socket)
            .await
        {
            None => systemd::alive(),
            Some(stalled_component) => {
                tracing::error!("skipping the watchdog ping: {stalled_component}")
            }
        }
    }

    /// Stops everything in order. A run that fails is not marked as ended, so it counts as a crash.
    async fn wind_up(
        self,
        socket: JoinHandle<()>,
        web_task: JoinHandle<()>,
        ended: Result<(), String>,
    ) -> Result<(), String> {
        let quiet = async {
            self.workers.stop().await;
            self.retiring.close();
            self.retiring.wait().await;
            socket.await.ok();
            web_task.await.ok();
        };
        if timeout(PATIENCE, quiet).await.is_err() {
            tracing::warn!(
                "some work did not finish in time and is dropped; it is repeated after the next start"
            );
        }
        let accesses = self
            .shared
            .accesses
            .write_all(&self.inventory, clock::now());
        if let Err(error) = accesses.await {
            tracing::warn!("the latest reads of secrets could not be recorded: {error}");
        }
        if ended.is_ok()
            && let Err(error) = self.run_id.end(&self.inventory, clock::now()).await
        {
            tracing::warn!(
                "the end of this run could not be recorded, so it will count as a crash: {error}"
            );
        }
        ended
    }
}
