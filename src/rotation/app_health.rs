//! The health of an app between sweeps: its call budget, its current error, and when calls may resume.

use jiff::{SignedDuration, Timestamp};

use super::session::Session;
use super::{RotationWorker, Rules};
use crate::graph_api::{Budget, Error, Usage};
use crate::inventory::{self, Tx};
use crate::model::{AppError, AppRecord, Cause};

/// What a sweep learned about its app since the last write. It is merged into the stored record, because others write
/// to that record too: logins spend calls, and an order may clear a back-off.
#[derive(Debug, Default)]
pub(super) struct AppChange {
    pub(super) usage: Usage,
    pub(super) turn: Option<Turn>,
    /// A token was found to have a permission for ads.
    pub(super) saw_ads: bool,
}

/// The app starts to fail, keeps failing, or recovers.
#[derive(Clone, Debug)]
pub(super) enum Turn {
    Fails(Error),
    Recovers,
}

impl AppChange {
    pub(super) fn write(
        &self,
        tx: &Tx<'_>,
        app: &str,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        let mut app_health = AppHealth::new(tx.app(app)?);
        match &self.turn {
            Some(Turn::Recovers) => tx.retry_failing_now(app, now).map(drop)?,
            Some(Turn::Fails(error)) if app_health.is_failing() => {
                tx.mark_overdue_failing(app, error.cause(), now).map(drop)?;
            }
            Some(Turn::Fails(_)) | None => {}
        }
        app_health.spend(&self.usage, now);
        if self.saw_ads {
            app_health.budget.version.saw_ads(now);
        }
        match &self.turn {
            Some(Turn::Fails(error)) => app_health.back_off(error, rules, now),
            Some(Turn::Recovers) => app_health.recover(),
            None => {}
        }
        let record = app_health.record();
        tx.store_app(&record, self.usage.calls, now)?;
        match &self.turn {
            Some(Turn::Fails(error)) => tx
                .refuse_orders(app, error.cause(), record.resume_at, now)
                .map(drop),
            Some(Turn::Recovers) | None => Ok(()),
        }
    }
}

pub(super) struct AppHealth {
    record: AppRecord,
    budget: Budget,
}

/// The longest back-off of a failing app. Trying again costs one call.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);
/// Meta extends a block when calls continue during it.
const WHILE_BLOCKED: SignedDuration = SignedDuration::from_hours(6);

/// The longest back-off accepted from a stored record. Meta's own limits last up to a day.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(25);

impl AppHealth {
    pub(super) fn new(record: AppRecord) -> Self {
        let budget = serde_json::from_str(&record.budget).unwrap_or_default();
        Self { record, budget }
    }

    /// The number of calls that a sweep may make now.
    pub(super) fn allowance(&self, calls_per_hour: u32, now: Timestamp) -> u32 {
        let is_backing_off = |resume_at: Timestamp| {
            // A back-off that ends later than this was set while the clock was wrong.
            now < resume_at && now.duration_until(resume_at) <= LONGEST_REST
        };
        if self.record.resume_at.is_some_and(is_backing_off) {
            return 0;
        }
        self.budget.left(calls_per_hour, now)
    }

    pub(super) const fn is_failing(&self) -> bool {
        self.record.error.is_some()
    }

    /// Why no call can be made now, and until when.
    fn back_off_reason(&self, calls_per_hour: u32, now: Timestamp) -> (Cause, Option<Timestamp>) {
        let resume_at = self.record.resume_at.filter(|at| now < *at);
        let cause = self.record.error.map(|error| error.cause);
        match (cause, resume_at) {
            (Some(cause), Some(at)) => (cause, Some(at)),
            (Some(_) | None, _) => (
                Cause::Throttled,
                self.budget.next_free_at(calls_per_hour, now),
            ),
        }
    }

    fn spend(&mut self, usage: &Usage, now: Timestamp) {
        for news in self.budget.spend(usage, now) {
            let app = &self.record.name;
            tracing::warn!(app, "app {app}: {news}");
        }
        if usage.calls > 0 {
            self.serve_by(usage.served_version.clone());
        }
    }

    /// Takes note of the version that answered, if it is not the configured one.
    fn serve_by(&mut self, served: Option<String>) {
        if let Some(version) = served
            .as_ref()
            .filter(|_| served != self.record.served_version)
        {
            let app = &self.record.name;
            tracing::warn!(
                app,
                "Meta answers app {app} with Graph {version}, which is not the configured version"
            );
        }
        self.record.served_version = served;
    }

    /// Every call fails: wait, longer each time, and leave the tokens untouched.
    fn back_off(&mut self, error: &Error, rules: &Rules, now: Timestamp) {
        let cause = error.cause();
        let before = self.record.error;
        let since = before.map_or(now, |error| error.since.min(now));
        let failures = before.map_or(0, |error| error.failures).saturating_add(1);
        self.record.error = Some(AppError {
            cause,
            since,
            failures,
        });
        let rung = (failures as usize - 1).min(rules.retry_after.len().saturating_sub(1));
        let ladder = rules
            .retry_after
            .get(rung)
            .copied()
            .unwrap_or(LONGEST_WAIT)
            .min(LONGEST_WAIT);
        let resume_at = match error {
            Error::Busy { regain, .. } => {
                self.budget.throttle(*regain, now);
                self.budget.throttled_until(now).unwrap_or(now + ladder)
            }
            Error::Blocked { .. } => now + WHILE_BLOCKED,
            Error::Refused(_)
            | Error::App { .. }
            | Error::Unreachable(_)
            | Error::Transient { .. }
            | Error::Unexpected { .. } => now + ladder,
        };
        self.record.resume_at = Some(resume_at);
        let app = &self.record.name;
        tracing::warn!(
            app,
            "app {app} fails; its tokens wait until {resume_at}: {error}"
        );
    }

    fn recover(&mut self) {
        let app = &self.record.name;
        tracing::info!(app, "app {app} works again");
        self.record.error = None;
        self.record.resume_at = None;
    }

    fn record(&self) -> AppRecord {
        let budget = serde_json::to_string(&self.budget).unwrap_or_default();
        AppRecord {
            budget,
            ..self.record.clone()
        }
    }
}

impl RotationWorker {
    /// Call once before the first sweep. Clears the back-off, since a restart or a new configuration may have fixed the
    /// app.
    pub async fn begin(&self) -> Result<(), inventory::Error> {
        let (app, scopes) = (self.app.clone(), self.rules.scopes.clone());
        self.inventory
            .write(move |tx| {
                tx.require_scopes(&app, &scopes)?;
                tx.clear_backoff(&app)
            })
            .await
    }

    pub(super) async fn app_health(&self) -> Result<AppHealth, inventory::Error> {
        let app = self.app.clone();
        let record = self.inventory.read(move |view| view.app(&app)).await?;
        Ok(AppHealth::new(record))
    }

    /// Checks a failing app first: one call instead of fifty.
    pub(super) async fn recovers(&self, session: &Session<'_>) -> Result<bool, inventory::Error> {
        let answer = session.confirm_app().await;
        let recovers = answer.is_ok();
        let app_change = AppChange {
            usage: session.calls.take_usage(),
            turn: Some(match answer {
                Ok(()) => Turn::Recovers,
                Err(error) => Turn::Fails(error),
            }),
            ..AppChange::default()
        };
        let (app, rules, now) = (self.app.clone(), self.rules.clone(), session.now);
        self.inventory
            .write_alone(move |tx| app_change.write(tx, &app, &rules, now))
            .await?;
        Ok(recovers)
    }

    /// Makes a token due whose answer shows whether the failing app works again. Without tokens there is nothing to fail.
    pub(super) async fn prepare_trial(&self, now: Timestamp) -> Result<(), inventory::Error> {
        let (app, rules) = (self.app.clone(), self.rules.clone());
        self.inventory
            .write(move |tx| {
                if tx.schedule_next_now(&app, now)? {
                    return Ok(());
                }
                let recovers = AppChange {
                    turn: Some(Turn::Recovers),
                    ..AppChange::default()
                };
                recovers.write(tx, &app, &rules, now)
            })
            .await
    }

    /// Answers the orders that cannot be carried out while no call can be made. Returns how many.
    pub(super) async fn refuse_orders(
        &self,
        app_health: &AppHealth,
        now: Timestamp,
    ) -> Result<usize, inventory::Error> {
        let app = self.app.clone();
        let waiting = self.inventory.read(move |view| view.refusable_orders(&app));
        if waiting.await?.is_empty() {
            return Ok(0);
        }
        let (cause, until) = app_health.back_off_reason(self.calls_per_hour, now);
        let app = self.app.clone();
        self.inventory
            .write(move |tx| tx.refuse_orders(&app, cause, until, now))
            .await
    }

    /// Asks Meta for its time. Returns `None` when the app may make no call now.
    pub async fn ask_the_time(
        &self,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, inventory::Error> {
        if self.app_health().await?.allowance(self.calls_per_hour, now) == 0 {
            return Ok(None);
        }
        let usage = self.graph.confirm_app().await.usage;
        let at_meta = usage.served_at;
        let changed = AppChange {
            usage,
            ..AppChange::default()
        };
        let (app, rules) = (self.app.clone(), self.rules.clone());
        self.inventory
            .write(move |tx| changed.write(tx, &app, &rules, now))
            .await?;
        Ok(at_meta)
    }

    /// Call once after the last sweep. Stores the secrets that still wait to be saved; there is no later chance.
    pub async fn end(&self, now: Timestamp) -> Result<(), inventory::Error> {
        self.inventory.save_what_waits(&self.app, now).await
    }
}

/// The call budget stored in a record, for display.
pub fn budget_of(record: &AppRecord) -> Budget {
    AppHealth::new(record.clone()).budget
}
