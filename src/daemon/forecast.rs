//! A forecast from the inventory and the configuration.

use jiff::Timestamp;

use super::services::Services;
use crate::forecast::{AppSettings, Forecaster, Settings};
use crate::inventory::{self, ForecastCursor};
use crate::model::{
    Forecast, ForecastError, ForecastQuestion, SingleAdminPages, VersionEnding, WhatIf,
};

/// How many tokens are read at a time, so that the reader is soon free for others.
const PAGE: usize = 4_000;

/// Among so many people those are found that a question is about.
const ALL_PEOPLE: usize = 100_000;

/// The people that a question is about, as app and id.
type People = Vec<(String, String)>;

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
        let filled = match &only {
            None => self.add_all(forecaster, leaving).await,
            Some(people) => self.add_people(forecaster, people.clone(), leaving).await,
        };
        let forecaster = filled.map_err(unread)?;
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
                let page = view.forecast_page(&cursor, PAGE, &leaving)?;
                forecaster.prepare(page.incidents);
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
                    let page = view.forecast_page(&cursor, PAGE, &leaving)?;
                    let next = page.next.filter(|next| next.is_of(&person));
                    forecaster.prepare(page.incidents);
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

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn unread(error: inventory::Error) -> ForecastError {
    ForecastError::Inventory(error.to_string())
}
