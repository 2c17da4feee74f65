//! Takes the tokens one by one, simulates each person's once all their tokens are here, and sums up.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Settings;
use super::person::{ClassKey, Grain, Person};
use super::report::{Report, Summed};
use super::sentences;
use super::simulation::{Conditions, Member, Simulation};
use super::timeline::Timeline;
use crate::alerts::{self, Recipients};
use crate::model::{Forecast, ForecastToken, Incident, SingleAdminPages, VersionEnding, WhatIf};

/// Timelines that are remembered, because others have the same.
const REMEMBERED: usize = 6_144;
/// A timeline of more classes is hardly another person's as well.
const ALIKE: usize = 8;

#[derive(Debug)]
pub struct Forecaster {
    settings: Settings,
    operators: Recipients,
    /// The open incidents of people who are still to come.
    incidents: HashMap<(String, String), Vec<Incident>>,
    person: Option<Person>,
    grain: Grain,
    /// The coarsest that was used.
    coarsest: Grain,
    timelines: HashMap<TimelineKey, Arc<Timeline>>,
    report: Report,
}

/// All that a timeline depends on, for a person without an open incident.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TimelineKey {
    app: usize,
    routes: Vec<Option<usize>>,
    has_recipients: bool,
    escalates: bool,
    classes: Vec<ClassKey>,
}

impl Forecaster {
    pub fn new(settings: Settings) -> Self {
        Self {
            operators: alerts::operators(&settings.alerts),
            incidents: HashMap::new(),
            person: None,
            grain: Grain::EXACT,
            coarsest: Grain::EXACT,
            timelines: HashMap::new(),
            report: Report::new(&settings),
            settings,
        }
    }

    /// Call it before the tokens of these people are added.
    pub fn prepare(&mut self, incidents: Vec<Incident>) {
        for incident in incidents {
            let key = &incident.incident_key;
            let person = (key.app.clone(), key.subject.clone());
            let known = self.incidents.entry(person).or_default();
            if !known.iter().any(|of| of.id == incident.id) {
                known.push(incident);
            }
        }
    }

    /// The tokens of one person must come one after the other.
    pub fn add(&mut self, of: ForecastToken) {
        let known = |app: &super::AppSettings| app.name == of.token.app;
        let Some(app) = self.settings.apps.iter().position(known) else {
            return;
        };
        let Some(id) = of.token.facts.as_ref().map(|facts| facts.person.as_str()) else {
            return;
        };
        let is_same = |person: &Person| person.app == app && person.id == id;
        if !self.person.as_ref().is_some_and(is_same) {
            let next = Person::new(app, id, self.grain);
            self.finish_person(Some(next));
        }
        if let Some(person) = &mut self.person {
            person.add(of, &self.settings.alerts);
        }
    }

    /// The most entries of each list.
    pub const KEPT: usize = super::earliest::KEPT;

    /// The forecast, with what does not depend on the timelines. `single_admins` is how many people
    /// `single_admin_pages` begins to name.
    pub fn finish(
        mut self,
        version_ends: Vec<VersionEnding>,
        single_admin_pages: Vec<SingleAdminPages>,
        single_admins: u64,
    ) -> Forecast {
        self.finish_person(None);
        let Summed {
            summary,
            logins,
            renewals,
            emails,
            calls,
            lapses,
            mut left_out,
        } = self.report.summed(&self.settings);
        let named = single_admin_pages.len() as u64;
        left_out.single_admin_pages = single_admins.saturating_sub(named);
        let last_day = self.settings.to().to_zoned(TimeZone::UTC).date();
        Forecast {
            from: self.settings.from,
            to: self.settings.to(),
            assumes: sentences::assumes(&self.settings, self.coarsest),
            summary,
            logins,
            renewals,
            emails,
            calls,
            version_ends: version_ends
                .into_iter()
                .filter(|end| end.on <= last_day)
                .collect(),
            lapses,
            single_admin_pages,
            left_out,
        }
    }

    fn finish_person(&mut self, next: Option<Person>) {
        let Some(person) = std::mem::replace(&mut self.person, next) else {
            return;
        };
        let Some(app) = self.settings.apps.get(person.app) else {
            return;
        };
        self.coarsest = self.coarsest.max(person.grain);
        let of = (app.name.clone(), person.id.clone());
        let incidents = self.incidents.remove(&of).unwrap_or_default();
        let owners: Vec<_> = person
            .owners
            .iter()
            .map(|(_, owner)| owner.clone())
            .collect();
        let recipients = alerts::recipients_of_tokens(&app.name, &owners, &self.settings.alerts);
        let leaves = self.leaves(&of);
        let is_alike = incidents.is_empty() && leaves.is_none() && person.classes.len() <= ALIKE;
        let timeline = if is_alike {
            self.remembered(&person, &recipients)
        } else {
            Arc::new(self.simulated(&person, &recipients, incidents, leaves))
        };
        let operators = &self.operators;
        self.report
            .add(&person, &timeline, (&recipients, operators), &self.settings);
    }

    fn remembered(&mut self, person: &Person, recipients: &Recipients) -> Arc<Timeline> {
        let mut routes: Vec<_> = person.owners.iter().map(|(route, _)| *route).collect();
        routes.sort_unstable();
        routes.dedup();
        let knows = |address| recipients.to.contains(address);
        let key = TimelineKey {
            app: person.app,
            routes,
            has_recipients: !recipients.to.is_empty(),
            escalates: !recipients.escalation.iter().all(knows),
            classes: person.classes.keys().copied().collect(),
        };
        if let Some(known) = self.timelines.get(&key) {
            return Arc::clone(known);
        }
        if self.timelines.len() >= REMEMBERED {
            self.timelines.clear();
            self.grain = self.grain.coarser();
        }
        let timeline = Arc::new(self.simulated(person, recipients, Vec::new(), None));
        self.timelines.insert(key, Arc::clone(&timeline));
        timeline
    }

    fn simulated(
        &self,
        person: &Person,
        recipients: &Recipients,
        incidents: Vec<Incident>,
        leaves: Option<Timestamp>,
    ) -> Timeline {
        let Some(app) = self.settings.apps.get(person.app) else {
            return Timeline::default();
        };
        let question = &self.settings.question;
        let conditions = Conditions {
            rules: &app.rules,
            alerts: &self.settings.alerts,
            recipients,
            operators: &self.operators,
            exchange_extends: question.exchange_extends,
            logs_in: question.what_if != Some(WhatIf::NobodyLogsIn),
            leaves,
            from: self.settings.from,
            to: self.settings.to(),
        };
        let members = person
            .classes
            .values()
            .map(|class| Member::new(class.course.clone(), class.count, class.has_other_admin));
        Simulation::new(conditions, members.collect(), incidents).run()
    }

    fn leaves(&self, person: &(String, String)) -> Option<Timestamp> {
        let Some(WhatIf::Leaves { on, .. }) = &self.settings.question.what_if else {
            return None;
        };
        let leaves = self.settings.leaving.contains(person);
        let day = on.to_zoned(TimeZone::UTC).ok()?.timestamp();
        leaves.then_some(day.max(self.settings.from))
    }
}
