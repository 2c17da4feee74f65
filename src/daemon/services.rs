//! Everything that one configuration wires together; a reload replaces it as a whole. It holds no clock, so the demo
//! and the tests run the same code at another time.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::schedule;
use super::version_problems::version_problems;
use super::watcher::Watcher;
use crate::alerts;
use crate::alerts::digest::{self, GraphVersion, Tick};
use crate::api::types::AppReport;
use crate::config::{Backups, Config};
use crate::delivery::{Sink, SinkWorker};
use crate::email::mailer::{self, Mailer};
use crate::graph_api::{self, Client, VersionEnds};
use crate::inventory::{self, Inventory};
use crate::login::LoginWorker;
use crate::model::AppRecord;
use crate::outbox::http_post::{HttpPost, TlsError};
use crate::posts::{Poster, Unrecorded};
use crate::rotation::{RotationWorker, Rules, budget_of};
use crate::webhooks::AppSignatures;

#[derive(Debug)]
pub struct Services {
    pub inventory: Inventory,
    /// One per app.
    pub rotation_workers: Vec<RotationWorker>,
    /// Completes the logins of all apps.
    pub login_worker: LoginWorker,
    pub sinks: Vec<Sink>,
    /// One per sink.
    pub sink_workers: Vec<SinkWorker>,
    pub alerts: alerts::Rules,
    pub mailer: Mailer,
    /// One per channel of posts.
    pub posters: Vec<Poster>,
    pub backups: Backups,
    pub retention: inventory::Retention,
    /// Is told of complete sweeps.
    pub(super) watcher: Option<Watcher>,
    apps: Vec<ConfiguredApp>,
    /// The cron line of the summary and its time zone.
    digest: Option<(String, TimeZone)>,
}

/// What the configuration says of an app, before the inventory is asked.
#[derive(Clone, Debug)]
struct ConfiguredApp {
    report: AppReport,
    version_ends: VersionEnds,
    /// The scopes of a login are for ads.
    asks_for_ads: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("app {app}: {source}")]
    App {
        app: String,
        source: graph_api::SettingsError,
    },
    #[error(transparent)]
    Mail(#[from] mailer::BadSender),
    #[error(transparent)]
    Http(#[from] TlsError),
}

impl Services {
    pub fn new(config: &Config, inventory: &Inventory) -> Result<Self, Error> {
        let rotation_workers = config
            .apps
            .iter()
            .map(|app| rotation_worker(app, config, inventory));
        let rotation_workers = rotation_workers.collect::<Result<Vec<_>, _>>()?;
        let sink_workers = config
            .sinks
            .iter()
            .map(|sink| SinkWorker::new(inventory.clone(), sink.clone()));
        let graph = |worker: &RotationWorker| (worker.app.clone(), worker.graph.clone());
        Ok(Self {
            inventory: inventory.clone(),
            login_worker: LoginWorker {
                inventory: inventory.clone(),
                settings: config.logins.clone(),
                graphs: rotation_workers.iter().map(graph).collect(),
            },
            rotation_workers,
            sinks: config.sinks.clone(),
            sink_workers: sink_workers.collect::<Result<_, _>>()?,
            alerts: config.alerts.clone(),
            mailer: Mailer::new(config.mail.clone())?,
            posters: posters(config, inventory)?,
            backups: config.backups.clone(),
            retention: config.retention,
            watcher: config.heartbeat.clone().map(Watcher::new).transpose()?,
            apps: config.apps.iter().map(introduced).collect(),
            digest: config
                .schedule
                .digest
                .clone()
                .map(|cron| (cron, config.timezone.clone())),
        })
    }

    /// The keys that verify calls from Meta.
    pub fn app_signatures(&self) -> AppSignatures {
        let signs = |worker: &RotationWorker| (worker.app.clone(), worker.graph.signatures());
        Arc::new(self.rotation_workers.iter().map(signs).collect())
    }

    /// Completes logins, then sweeps everything that is due in every app.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), inventory::Error> {
        self.login_worker.pass(now).await?;
        for rotation_worker in &self.rotation_workers {
            while rotation_worker.sweep(now).await?.more {}
        }
        Ok(())
    }

    /// From now on, each new version of a token waits for its sinks.
    pub fn announce_sinks(&self) {
        let sinks = self.sinks.iter().map(Sink::tokens);
        self.inventory.set_sinks(sinks.collect());
    }

    /// Delivers everything that is due. Returns how many deliveries were dealt with.
    pub async fn deliver(&self, now: Timestamp) -> Result<usize, inventory::Error> {
        let mut all = 0;
        for sink_worker in &self.sink_workers {
            loop {
                match sink_worker.pass(now).await? {
                    0 => break,
                    dealt_with => all += dealt_with,
                }
            }
        }
        Ok(all)
    }

    /// Reviews every open incident again, because the settings may have changed.
    pub async fn begin_alerts(
        &self,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        alerts::begin(inventory, &self.alerts, now).await
    }

    /// Files changed tokens, writes the emails and the summary that are due, and sends the queue.
    pub async fn run_alerts(
        &self,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        alerts::pass(inventory, &self.alerts, now).await?;
        self.write_digest(inventory, now).await?;
        self.mailer.send_waiting(inventory, now).await?;
        Ok(())
    }

    /// The same while the clock is in doubt: no email about an expiry, and no summary, since it lists expiries.
    pub(super) async fn run_alerts_without_ends(
        &self,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        alerts::pass_without_ends(inventory, &self.alerts, now).await?;
        self.mailer.send_waiting(inventory, now).await?;
        Ok(())
    }

    /// Writes the summary if it is due, also one that was missed while the daemon was down.
    async fn write_digest(
        &self,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        let Some((cron, zone)) = &self.digest else {
            return Ok(());
        };
        let Some(at) = schedule::last_tick(cron, zone, now) else {
            return Ok(());
        };
        let tick = Tick {
            at,
            next: schedule::next_tick(cron, zone, now),
        };
        let apps = self.apps(now).await?;
        let versions = apps.into_iter().map(|app| GraphVersion {
            app: app.name,
            version: app.graph_version,
            ends_on: app.graph_version_ends_on,
        });
        digest::write(inventory, &self.alerts, versions.collect(), tick, now)
            .await
            .map(drop)
    }

    /// The apps with their current call budgets, and with the ends of their versions by what their tokens are used for.
    pub async fn apps(&self, now: Timestamp) -> Result<Vec<AppReport>, inventory::Error> {
        let apps = self.apps.clone();
        let read = self.inventory.read(move |view| {
            let report = |app: ConfiguredApp| {
                let record = view.app(&app.report.name)?;
                Ok(app.reported(&record, now))
            };
            apps.into_iter().map(report).collect()
        });
        read.await
    }
}

impl Services {
    /// In the order of the apps.
    pub(super) fn version_ends(&self) -> impl Iterator<Item = VersionEnds> {
        self.apps.iter().map(|app| app.version_ends)
    }
}

fn rotation_worker(
    app: &crate::config::App,
    config: &Config,
    inventory: &Inventory,
) -> Result<RotationWorker, Error> {
    Ok(RotationWorker {
        inventory: inventory.clone(),
        graph: Client::new(app.graph.clone()).map_err(|source| Error::App {
            app: app.name.clone(),
            source,
        })?,
        app: app.name.clone(),
        calls_per_hour: app.calls_per_hour,
        batch: app.graph.batch,
        rules: Rules {
            subscribed_fields: app.subscribed_fields.clone(),
            renewal: app.graph.platform.renewal,
            scopes: app.login.scopes.clone(),
            ..config.rotation.clone()
        },
    })
}

fn posters(config: &Config, inventory: &Inventory) -> Result<Vec<Poster>, TlsError> {
    if config.channels.is_empty() {
        return Ok(Vec::new());
    }
    let channels = config.channels.iter();
    let addresses: Vec<_> = channels.map(|channel| channel.address.clone()).collect();
    let http = Arc::new(HttpPost::new(&addresses)?);
    let channels = config.channels.iter().cloned();
    let poster = |channel| Poster {
        inventory: inventory.clone(),
        channel,
        http: Arc::clone(&http),
        unrecorded: Unrecorded::default(),
    };
    Ok(channels.map(poster).collect())
}

fn introduced(app: &crate::config::App) -> ConfiguredApp {
    ConfiguredApp {
        report: AppReport {
            name: app.name.clone(),
            id: app.graph.id.clone(),
            graph_version: app.graph.version.clone(),
            calls_per_hour: app.calls_per_hour,
            ..AppReport::default()
        },
        version_ends: app.version_ends,
        asks_for_ads: app.login.scopes.permit_ads(),
    }
}

impl ConfiguredApp {
    fn reported(self, record: &AppRecord, now: Timestamp) -> AppReport {
        let budget = budget_of(record);
        let uses_ads = self.asks_for_ads || budget.version.uses_ads(now);
        let report = AppReport {
            graph_version_ends_on: self.version_ends.of_app(uses_ads),
            uses_ads,
            calls_last_hour: budget.calls_last_hour(now).into(),
            usage_percent: budget.usage_percent(now).into(),
            throttled_until: budget.throttled_until(now),
            ..self.report
        };
        AppReport {
            version_problems: version_problems(&report, record, &budget.version, now),
            ..report
        }
    }
}
