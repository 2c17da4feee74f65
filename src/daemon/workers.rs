//! The worker tasks of one configuration: one per app, one each for all other work, and the schedule.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::backup_job::Backup;
use super::clock_check::ClockState;
use super::deliveries::{Deliveries, FileCleanup};
use super::heartbeat::Heartbeat;
use super::maintenance::Maintenance;
use super::posts::Posts;
use super::services::Services;
use super::shared_state::SharedState;
use super::status::Publication;
use super::sweeps::{SweepEnd, Sweeps};
use super::textfile::Textfile;
use super::wakeups::{Signal, Worker};
use super::worker::{Context, Job};
use super::{clock, schedule};
use crate::config::Config;
use crate::inventory::Error;
use crate::model::Duty;
use crate::rotation::{Plan, RotationWorker};
use crate::webhooks;

pub(super) struct Workers {
    pub(super) tasks: JoinSet<&'static str>,
    stop: CancellationToken,
}

impl Workers {
    pub(super) fn start(services: &Arc<Services>, config: &Config, shared: &SharedState) -> Self {
        shared.forget_side_job_errors();
        let context = Context {
            services: Arc::clone(services),
            inventory: services.inventory.clone(),
            schedule: config.schedule.clone(),
            timezone: config.timezone.clone(),
            shared: shared.clone(),
            stop: CancellationToken::new(),
            sweeps: Sweeps::default(),
        };
        let mut workers = Self {
            tasks: JoinSet::new(),
            stop: context.stop.clone(),
        };
        for rotation_worker in &services.rotation_workers {
            let rotation = Rotation {
                worker: rotation_worker.clone(),
                begun: false,
            };
            workers.spawn("rotation", rotation.run(context.clone()));
        }
        services.announce_sinks();
        for sink_worker in &services.sink_workers {
            let deliveries = Deliveries::new(sink_worker.clone());
            workers.spawn_job("delivery", &context, Worker::Deliveries, deliveries);
        }
        workers.spawn_job(
            "files",
            &context,
            Worker::Deliveries,
            FileCleanup::default(),
        );
        let backup = Backup::new(&context);
        workers.spawn_job("alerts", &context, Worker::Alerts, Alerts { begun: false });
        for poster in &services.posters {
            let posts = Posts::new(poster.clone());
            workers.spawn_job("posts", &context, Worker::Posts, posts);
        }
        workers.spawn_job("login", &context, Worker::Logins, Logins);
        workers.spawn_job("data deletion", &context, Worker::Deletions, Deletions);
        workers.spawn_job("backup", &context, Worker::Backup, backup);
        workers.spawn_job(
            "maintenance",
            &context,
            Worker::Maintenance,
            Maintenance::default(),
        );
        workers.spawn_job("status", &context, Worker::Status, Publication::default());
        workers.spawn_side_jobs(&context, config);
        workers.spawn("schedule", run_schedule(context));
        workers
    }

    /// What the operator may turn on to watch the daemon.
    fn spawn_side_jobs(&mut self, context: &Context, config: &Config) {
        if let Some(watcher) = context.services.watcher.clone() {
            let heartbeat = Heartbeat::new(watcher);
            self.spawn_job("heartbeat", context, Worker::Heartbeat, heartbeat);
        }
        if let Some(path) = config.metrics.textfile.clone() {
            let textfile = Textfile { path };
            self.spawn_job("metrics textfile", context, Worker::Textfile, textfile);
        }
    }

    fn spawn_job(
        &mut self,
        name: &'static str,
        context: &Context,
        worker: Worker,
        mut job: impl Job + 'static,
    ) {
        let context = context.clone();
        self.spawn(name, async move {
            context.run_worker(worker, &mut job).await;
        });
    }

    fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            task.await;
            name
        });
    }

    /// Lets the workers begin nothing more, and show nothing more in the status.
    pub(super) fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Stops the workers after their current work.
    pub(super) async fn stop(mut self) {
        self.begin_stop();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Sweeps the tokens of one app.
struct Rotation {
    worker: RotationWorker,
    begun: bool,
}

impl Rotation {
    async fn run(mut self, context: Context) {
        context.run_worker(Worker::Rotation, &mut self).await;
        context.is_done(self.worker.end(clock::now()).await);
    }

    async fn sweep(&self, context: &Context) -> Result<SweepEnd, Error> {
        let (mut plan, began) = (Plan::default(), clock::now());
        while context.goes_on() {
            let now = clock::now();
            let rotation_workers = std::slice::from_ref(&self.worker);
            if context.check_clock(rotation_workers, now).await == ClockState::Wrong {
                break;
            }
            let report = self.worker.sweep_part(&mut plan, now).await?;
            if report.more {
                context.shared.journal_has_grown();
                continue;
            }
            if report.changed > 0 {
                context.wake(Signal::TokensChanged);
                context.shared.journal_has_grown();
            }
            return Ok(match report.backing_off {
                true => SweepEnd::HeldUp,
                false if self.worker.visited_all(began).await? => SweepEnd::VisitedAll,
                false => SweepEnd::LeftSome,
            });
        }
        Ok(SweepEnd::HeldUp)
    }
}

impl Job for Rotation {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::App(self.worker.app.clone()))
    }

    /// The other node's sweep shows in the inventory.
    fn leave_to_others(&self, context: &Context) {
        context.wake(Signal::SweepEnded);
    }

    async fn run_once(&mut self, context: &Context, _: Timestamp) -> Result<(), Error> {
        self.worker.inventory = context.inventory.clone();
        self.begun = self.begun || context.is_done(self.worker.begin().await);
        let swept = self.sweep(context).await;
        let end = *swept.as_ref().unwrap_or(&SweepEnd::HeldUp);
        context.sweeps.record(&self.worker.app, end, clock::now());
        context.wake(Signal::SweepEnded);
        swept.map(drop)
    }
}

struct Alerts {
    begun: bool,
}

impl Job for Alerts {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::Email)
    }

    async fn run_once(&mut self, context: &Context, _: Timestamp) -> Result<(), Error> {
        let outbox = context.shared.outbox.lock();
        let Some(_outbox) = context.stop.run_until_cancelled(outbox).await else {
            return Ok(());
        };
        let (services, inventory, now) = (&context.services, &context.inventory, clock::now());
        self.begun = self.begun || context.is_done(services.begin_alerts(inventory, now).await);
        let clock_state = context.check_clock(&services.rotation_workers, now);
        let ran = match clock_state.await {
            ClockState::Right => services.run_alerts(inventory, now).await,
            ClockState::Doubtful => services.run_alerts_without_ends(inventory, now).await,
            ClockState::Wrong => Ok(()),
        };
        context.shared.journal_has_grown();
        context.wake(Signal::IncidentsReviewed);
        ran
    }
}

/// Completes logins. The sweeps confirm the new tokens, so they are woken afterwards.
struct Logins;

impl Job for Logins {
    fn duty(&self) -> Option<Duty> {
        None
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        if context.services.login_worker.pass(now).await? > 0 {
            context.shared.journal_has_grown();
            context.wake(Signal::LoginsEnded);
        }
        Ok(())
    }
}

/// Runs queued data-deletion requests.
struct Deletions;

impl Job for Deletions {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::Nightly)
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        if webhooks::run_deletions(&context.inventory, now).await? > 0 {
            context.shared.journal_has_grown();
        }
        Ok(())
    }
}

async fn run_schedule(context: Context) {
    let Context {
        schedule,
        timezone,
        shared,
        stop,
        ..
    } = context;
    if let Err(error) = schedule::run(&schedule, timezone, &shared, stop).await {
        tracing::error!("the scheduler failed: {error}");
    }
}
