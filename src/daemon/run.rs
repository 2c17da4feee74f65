//! `perennial run`: open everything, say so, work until told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::crew::{Board, Crew};
use super::failure::Failure;
use super::household::Household;
use super::public::Public;
use super::recovery::{self, Life};
use super::signals::{Signal, SignalPost};
use super::vitals::Vitals;
use super::{clock, opening, pulse, systemd};
use crate::alerts;
use crate::config::{self, Config, Machine};
use crate::inventory::{EventKind, Inventory, NewEvent};
use crate::status::{self, Desk, MailTest, Probe, Pulse, Questions, Reload};

/// systemd waits 30 s before it kills; what is not finished by then is dropped and done again.
const PATIENCE: Duration = Duration::from_secs(20);
/// Without a watchdog the vitals are still looked at now and then, for the log.
const LOOK: Duration = Duration::from_secs(30);

struct Daemon {
    path: PathBuf,
    machine: Machine,
    config: Config,
    inventory: Inventory,
    life: Life,
    household: Arc<Household>,
    crew: Crew,
    /// Crews of former configurations, at the passes that they had at hand.
    retiring: TaskTracker,
    board: Board,
    settings: watch::Sender<status::Settings>,
    public: Public,
}

/// Runs until a signal ends it. Nothing is written before configuration, key and database were found right.
pub async fn run(path: &Path, machine: Machine) -> Result<(), Failure> {
    let mut signals = SignalPost::open().map_err(Failure::passing)?;
    let config = config::load(path, &machine).map_err(|p| Failure::NotAsItIs(p.to_string()))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let inventory = opening::open(&config.inventory)?;
    let household = household(&config, &inventory).map_err(Failure::NotAsItIs)?;
    let listener = status::bind(&config.status.socket).map_err(Failure::passing)?;
    let (public, front) = Public::open(&config, &household)
        .await
        .map_err(Failure::passing)?;

    let (reloads, mut reload_orders) = mpsc::channel(4);
    let (mail_tests, mut mail_orders) = mpsc::channel(4);
    let mut daemon = Daemon::assemble(path, machine, config, inventory, household, public).await?;
    let hang_up = CancellationToken::new();
    let desk = daemon.desk(reloads, mail_tests);
    let (probe, questions) = status::probe();
    let mut socket = tokio::spawn(serve(listener, desk, questions, hang_up.clone()));
    let (inventory, nudge) = (daemon.inventory.clone(), Arc::clone(&daemon.board.nudge));
    let mut front = tokio::spawn(front.serve(inventory, nudge, hang_up.clone()));
    daemon.watch_the_disk(hang_up.clone());
    let first_words = pulse::in_words(&daemon.household).await;
    systemd::ready(&first_words);
    tracing::info!("ready: {first_words}");

    let mut look = tokio::time::interval_at(
        Instant::now() + LOOK,
        systemd::watchdog().unwrap_or(LOOK * 2) / 2,
    );
    let ended = loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Stop => break Ok(()),
                Signal::Reload => { daemon.reload("a signal").await.ok(); }
            },
            Some(order) = reload_orders.recv() => daemon.reload_for(order).await,
            Some(order) = mail_orders.recv() => daemon.test_mail(order).await,
            _ = look.tick() => daemon.feed_watchdog(&probe).await,
            lost = daemon.crew.lost() => break Err(format!("{lost} ended by itself")),
            _ = &mut socket => break Err("the status socket closed by itself".to_owned()),
            _ = &mut front => break Err("the public part closed by itself".to_owned()),
        }
    };
    systemd::stopping();
    tracing::info!("stopping: the passes at hand are finished");
    hang_up.cancel();
    daemon
        .wind_up(socket, front, ended)
        .await
        .map_err(Failure::Passing)
}

fn household(config: &Config, inventory: &Inventory) -> Result<Arc<Household>, String> {
    Household::new(config, inventory)
        .map(Arc::new)
        .map_err(|error| error.to_string())
}

async fn serve(
    listener: UnixListener,
    desk: Desk,
    questions: Questions,
    hang_up: CancellationToken,
) {
    if let Err(error) = status::serve_probed(listener, desk, questions, hang_up).await {
        tracing::error!("the status socket is closed: {error}");
    }
}

impl Daemon {
    async fn assemble(
        path: &Path,
        machine: Machine,
        config: Config,
        inventory: Inventory,
        household: Arc<Household>,
        public: Public,
    ) -> Result<Self, Failure> {
        let now = clock::now();
        let life = Life::begin(&inventory, now).await?;
        let apps = household.apps(now).await?;
        let pulse = Pulse {
            started_at: now,
            apps,
            ..Pulse::default()
        };
        let board = Board {
            pulse: watch::Sender::new(pulse),
            journal: watch::Sender::new(()),
            nudge: Arc::default(),
            vitals: Arc::new(Vitals::new()),
            clock: Arc::default(),
            outbox: Arc::default(),
            accesses: Arc::default(),
        };
        let crew = Crew::start(&household, &config.schedule, &config.timezone, &board);
        let settings = watch::Sender::new(config.status.clone());
        let path = path.to_owned();
        Ok(Self {
            path,
            machine,
            config,
            inventory,
            life,
            household,
            crew,
            retiring: TaskTracker::new(),
            board,
            settings,
            public,
        })
    }

    fn desk(&self, reloads: mpsc::Sender<Reload>, mail_tests: mpsc::Sender<MailTest>) -> Desk {
        Desk {
            inventory: self.inventory.clone(),
            settings: self.settings.subscribe(),
            pulse: self.board.pulse.subscribe(),
            nudge: Arc::clone(&self.board.nudge),
            journal: self.board.journal.clone(),
            accesses: Arc::clone(&self.board.accesses),
            reloads,
            mail_tests,
            clock: Arc::new(clock::now),
        }
    }

    fn watch_the_disk(&self, stop: CancellationToken) {
        self.retiring.spawn(recovery::keep_trying(
            self.inventory.clone(),
            self.life.clone(),
            self.board.clone(),
            stop,
        ));
    }

    async fn reload_for(&mut self, order: Reload) {
        let answer = self.reload(&order.asked_by).await;
        // Who asked may have gone; the reload stands all the same.
        let _ = order.answer.send(answer);
    }

    /// The whole configuration anew, or the old one and why.
    async fn reload(&mut self, asked_by: &str) -> Result<(), Vec<String>> {
        systemd::reloading();
        let outcome = self.try_reload().await;
        match &outcome {
            Ok(()) => tracing::info!(asked_by, "the configuration was read again and is live"),
            Err(problems) => {
                tracing::error!(
                    asked_by,
                    "the new configuration is refused, the old one stays: {}",
                    problems.join(" · ")
                );
            }
        }
        let (now, live) = (clock::now(), outcome.is_ok());
        let event = NewEvent::new(EventKind::Reloaded)
            .with("asked_by", asked_by)
            .with("live", live);
        if let Err(error) = self.inventory.write(move |tx| tx.note(&event, now)).await {
            tracing::error!("the reload could not be noted: {error}");
        }
        systemd::ready(&pulse::in_words(&self.household).await);
        outcome
    }

    async fn try_reload(&mut self) -> Result<(), Vec<String>> {
        let newer = config::load(&self.path, &self.machine).map_err(|problems| {
            problems
                .0
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        })?;
        let fixed = self.config.needs_restart(&newer);
        if !fixed.is_empty() {
            let needs =
                |key| format!("{key} changes only at a restart: systemctl restart perennial");
            return Err(fixed.into_iter().map(needs).collect());
        }
        let household = household(&newer, &self.inventory).map_err(|problem| vec![problem])?;
        let crew = Crew::start(&household, &newer.schedule, &newer.timezone, &self.board);
        // Meta or a mail server may keep the old crew waiting, but not whoever asked for the reload.
        self.retiring
            .spawn(std::mem::replace(&mut self.crew, crew).stop());
        self.household = household;
        self.settings.send_replace(newer.status.clone());
        self.public.renew(&newer, &self.household);
        self.config = newer;
        Ok(())
    }

    async fn test_mail(&self, order: MailTest) {
        let operators = self.household.alerts.operators.clone();
        let to = order.to.map_or(operators, |address| vec![address]);
        let now = clock::now();
        let written = alerts::test_letter(&self.inventory, &self.household.alerts, to, now).await;
        self.crew.post_soon();
        self.board.journal.send_replace(());
        let _ = order
            .answer
            .send(written.map_err(|error| error.to_string()));
    }

    async fn feed_watchdog(&self, probe: &Probe) {
        let socket = (probe, self.config.status.socket.as_path());
        match self.board.vitals.ailment(&self.inventory, socket).await {
            None => systemd::alive(),
            Some(ailment) => tracing::error!(ailment, "the watchdog is not fed"),
        }
    }

    /// Whoever ends because of a fault of its own leaves its life without an end, so that it counts as a crash.
    async fn wind_up(
        self,
        socket: JoinHandle<()>,
        front: JoinHandle<()>,
        ended: Result<(), String>,
    ) -> Result<(), String> {
        let quiet = async {
            self.crew.stop().await;
            self.retiring.close();
            self.retiring.wait().await;
            socket.await.ok();
            front.await.ok();
        };
        if timeout(PATIENCE, quiet).await.is_err() {
            tracing::warn!(
                "a pass did not end in time and is dropped; it is made again after the next start"
            );
        }
        let accesses = self.board.accesses.write_all(&self.inventory, clock::now());
        if let Err(error) = accesses.await {
            tracing::warn!("who asked for secrets lately could not be written down: {error}");
        }
        if ended.is_ok()
            && let Err(error) = self.life.end(&self.inventory, clock::now()).await
        {
            tracing::warn!("the end could not be noted; it will look like a crash: {error}");
        }
        ended
    }
}
