//! Makes forecasts, one at a time. An answer is kept until the inventory changes, and for some time that it was costly to
//! make, so that nobody who asks again and again keeps a processor busy.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::services::Services;
use crate::forecast::{AppSettings, Forecaster, Settings};
use crate::http::{ForecastOrder, ForecastResult, Forecasts, NowFn};
use crate::inventory::{self, ForecastCursor, Inventory};
use crate::model::{
    Figures, Forecast, ForecastError, ForecastQuestion, SingleAdminPages, VersionEnding, WhatIf,
};

/// How many answers are kept.
const KEPT: usize = 4;
/// An answer says what would happen from its moment on, so it is not kept for long.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// An answer is kept at least this many times as long as it took.
const TIMES: u32 = 10;

/// Among so many people those are found that a question is about.
const ALL_PEOPLE: usize = 100_000;

/// The people that a question is about, as app and id.
type People = Vec<(String, String)>;

pub(super) struct ForecastWorker {
    pub(super) inventory: Inventory,
    /// Those of the configuration that is live.
    pub(super) services: watch::Receiver<Arc<Services>>,
    pub(super) clock: NowFn,
    pub(super) orders: mpsc::Receiver<ForecastOrder>,
    pub(super) stop: CancellationToken,
}

struct Kept {
    question: ForecastQuestion,
    forecast: Arc<Forecast>,
    services: Arc<Services>,
    figures: Arc<Figures>,
    made_at: Instant,
    took: Duration,
}

/// Answers with one configuration until the stop, for servers that no daemon runs.
pub fn serve_forecasts(
    services: &Arc<Services>,
    clock: &NowFn,
    stop: &CancellationToken,
) -> Forecasts {
    let (forecasts, orders) = Forecasts::channel();
    let worker = ForecastWorker {
        inventory: services.inventory.clone(),
        services: watch::channel(Arc::clone(services)).1,
        clock: Arc::clone(clock),
        orders,
        stop: stop.clone(),
    };
    tokio::spawn(worker.run());
    forecasts
}

impl ForecastWorker {
    /// Answers until the stop.
    pub(super) async fn run(mut self) -> &'static str {
        let mut kept = VecDeque::new();
        while let Some(Some(order)) = self.stop.run_until_cancelled(self.orders.recv()).await {
            // Whoever asked may have given up meanwhile.
            if order.answer.is_closed() {
                continue;
            }
            let answered = self.stop.clone();
            let answer = answered.run_until_cancelled(self.answer(order.question, &mut kept));
            let answer = answer.await.unwrap_or(Err(ForecastError::Stopping));
            let _ = order.answer.send(answer);
        }
        self.stop.cancelled().await;
        "forecasts"
    }

    async fn answer(
        &mut self,
        question: ForecastQuestion,
        kept: &mut VecDeque<Kept>,
    ) -> ForecastResult {
        let services = Arc::clone(&self.services.borrow_and_update());
        let figures = self.inventory.figures();
        kept.retain(|known| known.is_good(&services, &figures));
        if let Some(known) = kept.iter().find(|known| known.question == question) {
            return Ok(Arc::clone(&known.forecast));
        }
        let began = Instant::now();
        let forecast = services.forecast(question.clone(), (self.clock)()).await;
        let forecast = Arc::new(forecast?);
        kept.truncate(KEPT - 1);
        kept.push_front(Kept {
            question,
            forecast: Arc::clone(&forecast),
            services,
            figures,
            made_at: began,
            took: began.elapsed(),
        });
        Ok(forecast)
    }
}

impl Kept {
    fn is_good(&self, services: &Arc<Services>, figures: &Arc<Figures>) -> bool {
        let age = self.made_at.elapsed();
        // The figures are read anew after each commit.
        let is_unchanged = Arc::ptr_eq(&self.figures, figures);
        Arc::ptr_eq(&self.services, services)
            && age < LONGEST
            && (is_unchanged || age < self.took * TIMES)
    }
}

impl Services {
    /// What would happen from `now` on.
    pub async fn forecast(
        &self,
        question: ForecastQuestion,
        now: Timestamp,
    ) -> Result<Forecast, ForecastError> {
        self.check_app(&question)?;
        let only = match &question.person {
            Some(person) => Some(self.people(person).await?),
            None => None,
        };
        let leaving = match &question.what_if {
            Some(WhatIf::Leaves { person, .. }) => self.people(person).await?,
            Some(WhatIf::Throttled { .. } | WhatIf::NobodyLogsIn) | None => Vec::new(),
        };
        let forecaster = Forecaster::new(Settings {
            question,
            from: now,
            apps: self.forecast_apps(),
            alerts: self.alerts.clone(),
            leaving: leaving.clone(),
        });
        let told = match &only {
            None => self.add_all(forecaster, leaving).await,
            Some(people) => self.add_people(forecaster, people.clone(), leaving).await,
        };
        let forecaster = told.map_err(unread)?;
        let versions = self.version_endings(now).await.map_err(unread)?;
        let (single, people) = self.single_admins(only.as_ref()).await.map_err(unread)?;
        Ok(forecaster.finish(versions, single, people))
    }

    /// With how many there are in all.
    async fn single_admins(
        &self,
        only: Option<&People>,
    ) -> Result<(Vec<SingleAdminPages>, u64), inventory::Error> {
        let limit = match only {
            Some(_) => ALL_PEOPLE,
            None => Forecaster::KEPT,
        };
        let read = self
            .inventory
            .read(move |view| view.single_admin_pages(limit));
        let (mut first, people) = read.await?;
        let Some(only) = only else {
            return Ok((first, people));
        };
        first.retain(|of| only.contains(&(of.app.clone(), of.person.clone())));
        let people = first.len() as u64;
        Ok((first, people))
    }

    fn check_app(&self, question: &ForecastQuestion) -> Result<(), ForecastError> {
        match &question.what_if {
            Some(WhatIf::Throttled { app, .. })
                if !self.rotation_workers.iter().any(|of| of.app == *app) =>
            {
                Err(ForecastError::NoSuchApp(app.clone()))
            }
            _ => Ok(()),
        }
    }

    fn forecast_apps(&self) -> Vec<AppSettings> {
        let workers = self.rotation_workers.iter();
        let settings = workers.map(|worker| AppSettings {
            name: worker.app.clone(),
            rules: worker.rules.clone(),
            calls_per_hour: worker.calls_per_hour,
        });
        settings.collect()
    }

    async fn people(&self, name: &str) -> Result<People, ForecastError> {
        let named = name.to_owned();
        let found = self.inventory.read(move |view| view.people_named(&named));
        let found = found.await.map_err(unread)?;
        if found.is_empty() {
            return Err(ForecastError::NoSuchPerson(name.to_owned()));
        }
        Ok(found)
    }

    /// A page at a time, so that other reads find a free connection in between.
    async fn add_all(
        &self,
        mut forecaster: Forecaster,
        leaving: People,
    ) -> Result<Forecaster, inventory::Error> {
        let mut after = Some(ForecastCursor::default());
        while let Some(cursor) = after {
            let leaving = leaving.clone();
            let read = self.inventory.read(move |view| {
                let page = view.forecast_page(&cursor, &leaving)?;
                forecaster.expect(page.incidents);
                page.tokens.into_iter().for_each(|of| forecaster.add(of));
                Ok((forecaster, page.next))
            });
            (forecaster, after) = read.await?;
        }
        Ok(forecaster)
    }

    async fn add_people(
        &self,
        mut forecaster: Forecaster,
        people: People,
        leaving: People,
    ) -> Result<Forecaster, inventory::Error> {
        for (app, person) in people {
            let mut after = Some(ForecastCursor::of_person(&app, &person));
            while let Some(cursor) = after {
                let (leaving, person) = (leaving.clone(), (app.clone(), person.clone()));
                let read = self.inventory.read(move |view| {
                    let page = view.forecast_page(&cursor, &leaving)?;
                    let next = page.next.filter(|next| next.is_of(&person));
                    forecaster.expect(page.incidents);
                    let theirs = page.tokens.into_iter().filter(|of| of.is_of(&person));
                    theirs.for_each(|of| forecaster.add(of));
                    Ok((forecaster, next))
                });
                (forecaster, after) = read.await?;
            }
        }
        Ok(forecaster)
    }

    async fn version_endings(
        &self,
        now: Timestamp,
    ) -> Result<Vec<VersionEnding>, inventory::Error> {
        let uses_ads = self.apps(now).await?;
        let mut all = Vec::new();
        for (app, ends) in uses_ads.iter().zip(self.version_ends()) {
            let of_ads = ends.marketing.filter(|_| app.uses_ads);
            let ends = [("graph", ends.graph), ("marketing", of_ads)];
            let known = ends.into_iter().filter_map(|(api, on)| Some((api, on?)));
            all.extend(known.map(|(api, on)| VersionEnding {
                app: app.name.clone(),
                api: api.to_owned(),
                version: app.graph_version.clone(),
                on,
            }));
        }
        all.sort_by(|one, other| (one.on, &one.app).cmp(&(other.on, &other.app)));
        Ok(all)
    }
}

fn unread(error: inventory::Error) -> ForecastError {
    ForecastError::Inventory(error.to_string())
}
