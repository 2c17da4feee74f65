//! Sums up what would happen to all people.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Settings;
use super::earliest::Earliest;
use super::person::Person;
use super::person_report::{DAY, PersonReport};
use super::sentences;
use super::timeline::{Checks, OtherCalls, Timeline};
use crate::alerts::Recipients;
use crate::model::{
    BusiestDay, DayOfCalls, ForecastLeftOut, ForecastSummary, ForeseenEmail, ForeseenLogin, Lapse,
    WeekOfRenewals, WhatIf,
};

#[derive(Debug)]
pub(super) struct Report {
    logins: Earliest<ForeseenLogin>,
    emails: Earliest<ForeseenEmail>,
    lapses: Earliest<Lapse>,
    people: u64,
    renewals: BTreeMap<Date, u64>,
    /// For each app, the calls on each day since the first.
    calls: Vec<Vec<f64>>,
    midnight: Timestamp,
}

/// The parts of a forecast that come from people's timelines.
#[derive(Debug)]
pub(super) struct Summed {
    pub(super) summary: ForecastSummary,
    pub(super) logins: Vec<ForeseenLogin>,
    pub(super) renewals: Vec<WeekOfRenewals>,
    pub(super) emails: Vec<ForeseenEmail>,
    pub(super) calls: Vec<DayOfCalls>,
    pub(super) lapses: Vec<Lapse>,
    pub(super) left_out: ForecastLeftOut,
}

impl Report {
    pub(super) fn new(settings: &Settings) -> Self {
        let first = date(settings.from);
        let midnight = first.to_zoned(TimeZone::UTC).map(|day| day.timestamp());
        let days = usize::from(settings.question.days) + 1;
        Self {
            logins: Earliest::new(),
            emails: Earliest::new(),
            lapses: Earliest::new(),
            people: 0,
            renewals: BTreeMap::new(),
            calls: vec![vec![0.0; days]; settings.apps.len()],
            midnight: midnight.unwrap_or(settings.from),
        }
    }

    pub(super) fn add(
        &mut self,
        person: &Person,
        timeline: &Timeline,
        (recipients, operators): (&Recipients, &Recipients),
        settings: &Settings,
    ) {
        let app = settings.apps.get(person.app);
        let of = PersonReport {
            person,
            classes: person.classes.values().collect(),
            app: app.map_or("", |app| &app.name),
            settings,
        };
        self.add_logins(&of, timeline);
        for (at, class) in &timeline.renewals {
            *self.renewals.entry(monday(*at)).or_default() += of.count(&[*class]);
        }
        for email in &timeline.emails {
            let to = match email.incident_cause.concerns_operator() {
                true => operators,
                false => recipients,
            };
            if !to.to.is_empty() {
                self.emails.add(email.at, || of.email(email, to));
            }
        }
        self.add_lapses(&of, timeline);
        for checks in &timeline.checks {
            self.add_checks(&of, checks);
        }
        for calls in &timeline.other_calls {
            self.add_other_calls(&of, calls);
        }
    }

    fn add_logins(&mut self, of: &PersonReport<'_>, timeline: &Timeline) {
        self.people += u64::from(!timeline.logins.is_empty());
        for (round, login) in (1..).zip(&timeline.logins) {
            self.logins.add(login.by, || ForeseenLogin {
                by: login.by,
                person: of.person.id.clone(),
                name: of.person.name.clone(),
                app: of.app.to_owned(),
                tokens: of.count(&login.classes),
                pages: of.person.pages,
                round,
            });
        }
    }

    fn add_lapses(&mut self, of: &PersonReport<'_>, timeline: &Timeline) {
        for (at, cause, class) in &timeline.lapses {
            let Some(class) = of.class(*class) else {
                continue;
            };
            for name in &class.names {
                self.lapses.add(*at, || Lapse {
                    token: name.clone(),
                    at: *at,
                    why: sentences::why(*cause, of.person, of.settings),
                });
            }
            self.lapses
                .count_more(class.count - class.names.len() as u64);
        }
    }

    fn days_after_midnight(&self, at: Timestamp) -> f64 {
        at.duration_since(self.midnight).as_secs_f64() / DAY
    }

    fn add_checks(&mut self, of: &PersonReport<'_>, checks: &Checks) {
        let from = self.days_after_midnight(checks.from);
        let to = self.days_after_midnight(checks.to);
        let whole = of.checks_a_day() * of.count(&[checks.class]) as f64;
        let days = self.calls.get_mut(of.person.app).into_iter().flatten();
        for (number, day) in days.enumerate() {
            let start = number as f64;
            let part = to.min(start + 1.0) - from.max(start);
            *day += whole * part.max(0.0);
        }
    }

    fn add_other_calls(&mut self, of: &PersonReport<'_>, calls: &OtherCalls) {
        let number = self.days_after_midnight(calls.at) as usize;
        let days = self.calls.get_mut(of.person.app);
        if let Some(day) = days.and_then(|days| days.get_mut(number)) {
            *day += f64::from(calls.calls) * of.count(&[calls.class]) as f64;
        }
    }

    pub(super) fn summed(self, settings: &Settings) -> Summed {
        let calls = self.days_of_calls(settings);
        let (seen_logins, seen_emails) = (self.logins.seen(), self.emails.seen());
        let seen_lapses = self.lapses.seen();
        let (logins, logins_left) = self.logins.into_list();
        let (emails, emails_left) = self.emails.into_list();
        let (lapses, lapses_left) = self.lapses.into_list();
        Summed {
            summary: ForecastSummary {
                logins: seen_logins,
                people: self.people,
                renewals: self.renewals.values().sum(),
                emails: seen_emails,
                lapses: seen_lapses,
                busiest_day: busiest(&calls),
            },
            logins,
            renewals: self
                .renewals
                .into_iter()
                .map(|(week, count)| WeekOfRenewals { week, count })
                .collect(),
            emails,
            calls,
            lapses,
            left_out: ForecastLeftOut {
                logins: logins_left,
                emails: emails_left,
                lapses: lapses_left,
                single_admin_pages: 0,
            },
        }
    }

    fn days_of_calls(&self, settings: &Settings) -> Vec<DayOfCalls> {
        let mut all = Vec::new();
        let first = date(settings.from);
        let day = |number: i32| first.checked_add(number.days()).unwrap_or(first);
        for number in 0..=settings.question.days {
            for (app, calls) in settings.apps.iter().zip(&self.calls) {
                let expected = calls.get(usize::from(number)).copied();
                let expected = expected.unwrap_or_default().round() as u64;
                let percent = percent_left(&app.name, settings);
                let budget = u64::from(app.calls_per_hour) * 24 * percent / 100;
                all.push(DayOfCalls {
                    day: day(i32::from(number)),
                    app: app.name.clone(),
                    expected,
                    budget,
                });
            }
        }
        all
    }
}

fn percent_left(app: &str, settings: &Settings) -> u64 {
    match &settings.question.what_if {
        Some(WhatIf::Throttled { app: of, percent }) if of == app => u64::from(*percent),
        _ => 100,
    }
}

/// The first of the days on which the most of a budget is used.
fn busiest(calls: &[DayOfCalls]) -> Option<BusiestDay> {
    let percent = |day: &DayOfCalls| 100 * day.expected / day.budget.max(1);
    let used = calls.iter().filter(|day| day.expected > 0);
    let most = used.rev().max_by_key(|day| percent(day))?;
    Some(BusiestDay {
        on: most.day,
        app: most.app.clone(),
        calls_percent: u32::try_from(percent(most)).unwrap_or(u32::MAX),
    })
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn monday(at: Timestamp) -> Date {
    let day = date(at);
    let since = day.weekday().to_monday_zero_offset();
    day.checked_sub(i32::from(since).days()).unwrap_or(day)
}
