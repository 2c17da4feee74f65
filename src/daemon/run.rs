//! `perennial run`: opens everything, reports readiness, and works until it is stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::duties::{self, DutyWorker};
use super::error::Error;
use super::forecasts::ForecastService;
use super::listeners::Listeners;
use super::recovery::{self, RunState};
use super::services::Services;
use super::shared_state::SharedState;
use super::signals::{Signal, SignalStream};
use super::socket_thread::SocketThread;
use super::wakeups;
use super::workers::Workers;
use super::{clock, startup, status, systemd};
use crate::api::{self, DaemonHandle, DaemonStatus, MailTest, Reload, SinkTest};
use crate::config::{self, Config, Machine};
use crate::http::{self, Probe, Questions};
use crate::inventory::{self, Inventory};
use crate::ui;
use crate::web;

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
    /// What the public web server needs of the configuration; `None` without `[web]`.
    pub(super) web: Option<watch::Sender<web::Current>>,
    /// What the overview needs of the configuration; `None` without `[ui]`.
    pub(super) ui: Option<watch::Sender<ui::Settings>>,
    /// The status socket and, if they are configured, the public web server, the overview and the server of the metrics.
    pub(super) servers: JoinSet<&'static str>,
    pub(super) socket_thread: SocketThread,
    pub(super) hang_up: CancellationToken,
    /// Leaves what this node does to others on the inventory.
    give_up: CancellationToken,
    reloads: mpsc::Receiver<Reload>,
    mail_tests: mpsc::Receiver<MailTest>,
    sink_tests: mpsc::Receiver<SinkTest>,
    pub(super) forecasts: ForecastService,
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
    let socket_thread = SocketThread::start().map_err(Error::temporary)?;
    let listeners = Listeners::open(&config, socket_thread).await;
    let listeners = listeners.map_err(Error::temporary)?;
    let (probe, questions) = http::probe();
    let mut daemon = Daemon::start(path, machine, config, services, listeners, questions).await?;
    let first_log_lines = status::describe(&daemon.inventory.figures());
    systemd::ready(&first_log_lines);
    tracing::info!("ready: {first_log_lines}");
    let ended = daemon.work(&mut signals, &probe).await;
    systemd::stopping();
    tracing::info!("stopping: finishing the current work");
    daemon.wind_up(ended).await.map_err(Error::Temporary)
}

pub(super) fn services(config: &Config, inventory: &Inventory) -> Result<Arc<Services>, String> {
    Services::new(config, inventory)
        .map(Arc::new)
        .map_err(|error| error.to_string())
}

pub(super) fn current_web(settings: &web::Settings, services: &Services) -> web::Current {
    web::Current {
        settings: settings.clone(),
        app_signatures: services.app_signatures(),
    }
}

async fn first_status(
    services: &Services,
    now: Timestamp,
) -> Result<DaemonStatus, inventory::Error> {
    Ok(DaemonStatus {
        started_at: now,
        apps: services.apps(now).await?,
        ..DaemonStatus::default()
    })
}

fn served_web(config: &Config, services: &Services) -> Option<watch::Sender<web::Current>> {
    let web = config.web.as_ref();
    web.map(|web| watch::Sender::new(current_web(web, services)))
}

impl Daemon {
    async fn start(
        path: &Path,
        machine: Machine,
        config: Config,
        services: Arc<Services>,
        listeners: Listeners,
        questions: Questions,
    ) -> Result<Self, Error> {
        let (now, inventory) = (clock::now(), services.inventory.clone());
        let duties = inventory.duties(duties::this_node(&config)?);
        let run_id = RunState::begin(&inventory, &duties, now).await?;
        let daemon_status = first_status(&services, now).await?;
        let shared = SharedState::new(daemon_status, &inventory, duties);
        let (worker, give_up) = DutyWorker::begin(&inventory, &shared, &config).await;
        let (reload, reloads) = mpsc::channel(4);
        let (mail_test, mail_tests) = mpsc::channel(4);
        let (sink_test, sink_tests) = mpsc::channel(4);
        let hang_up = CancellationToken::new();
        let (forecasts, forecast_worker) =
            ForecastService::new(&services, Arc::new(clock::now), &hang_up);
        let settings = watch::Sender::new(config.status.clone());
        let handle = DaemonHandle {
            settings: settings.subscribe(),
            daemon_status: shared.daemon_status.subscribe(),
            accesses: Arc::clone(&shared.accesses),
            reloads: reload,
            mail_tests: mail_test,
            sink_tests: sink_test,
            metrics: shared.metrics.clone(),
        };
        let web = served_web(&config, &services);
        let ui = config.ui.clone().map(watch::Sender::new);
        let mut daemon = Self {
            path: path.to_owned(),
            machine,
            workers: Workers::start(&services, &config, &shared),
            config,
            inventory,
            run_id,
            services,
            retiring: TaskTracker::new(),
            shared,
            settings,
            web,
            ui,
            servers: JoinSet::new(),
            socket_thread: listeners.socket_thread,
            hang_up,
            give_up,
            reloads,
            mail_tests,
            sink_tests,
            forecasts,
        };
        daemon.serve(listeners.opened, handle, questions)?;
        daemon.watch_the_disk();
        daemon.servers.spawn(worker.run());
        daemon.servers.spawn(forecast_worker.run());
        Ok(daemon)
    }

    pub(super) fn backend(&self) -> http::Backend {
        http::Backend {
            inventory: self.inventory.clone(),
            new_work: self.shared.wakeups.sender(wakeups::Signal::NewWork),
            journal: self.shared.journal.clone(),
            clock: Arc::new(clock::now),
            forecasts: self.forecasts.forecasts.clone(),
        }
    }

    fn watch_the_disk(&self) {
        self.retiring.spawn(recovery::retry_until_written(
            self.inventory.clone(),
            self.run_id.clone(),
            self.shared.clone(),
            self.hang_up.clone(),
        ));
    }

    /// Takes orders until a signal stops the daemon, or a part of it ends.
    async fn work(&mut self, signals: &mut SignalStream, probe: &Probe) -> Result<(), String> {
        let mut watchdog_tick = tokio::time::interval_at(
            Instant::now() + WATCHDOG_EVERY,
            systemd::watchdog().unwrap_or(WATCHDOG_EVERY * 2) / 2,
        );
        loop {
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::Stop => return Ok(()),
                    Signal::Reload => { self.reload("a signal").await.ok(); }
                },
                Some(order) = self.reloads.recv() => self.reload_for(order).await,
                Some(order) = self.mail_tests.recv() => self.send_test_email(order).await,
                Some(order) = self.sink_tests.recv() => self.test_sink(order),
                _ = watchdog_tick.tick() => self.ping_watchdog(probe).await,
                worker = ended(&mut self.workers.tasks) => return Err(format!("a worker ended unexpectedly: {worker}")),
                server = ended(&mut self.servers) => return Err(format!("the {server} closed unexpectedly")),
            }
        }
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
    async fn wind_up(mut self, ended: Result<(), String>) -> Result<(), String> {
        self.hang_up.cancel();
        let quiet = async {
            self.workers.stop().await;
            self.retiring.close();
            self.retiring.wait().await;
            self.give_up.cancel();
            while self.servers.join_next().await.is_some() {}
        };
        if timeout(PATIENCE, quiet).await.is_err() {
            tracing::warn!(
                "some work did not finish in time and is dropped; it is repeated after the next start"
            );
        }
        let (accesses, now) = (&self.shared.accesses, clock::now());
        if let Err(error) = accesses.write_all(&self.inventory, now).await {
            tracing::warn!("the latest reads of secrets could not be recorded: {error}");
        }
        if ended.is_ok()
            && let Err(error) = self.run_id.end(&self.inventory, now).await
        {
            tracing::warn!(
                "the end of this run could not be recorded, so it will count as a crash: {error}"
            );
        }
        ended
    }
}

/// The name of a task that ended by itself.
async fn ended(tasks: &mut JoinSet<&'static str>) -> &'static str {
    match tasks.join_next().await {
        Some(Ok(name)) => name,
        Some(Err(_)) | None => "name unknown",
    }
}
