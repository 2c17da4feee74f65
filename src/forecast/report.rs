//! Sums up what would happen to all people.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Settings;
use super::earliest::Earliest;
use super::person::{Class, Person};
use super::sentences;
use super::story::opened;
use super::timeline::{Checks, ClassIndex, Email, OtherCalls, Timeline};
use crate::alerts::Recipients;
use crate::email::context::{EmailContext, Readers};
use crate::email::incident_email;
use crate::model::{
    BusiestDay, DayOfCalls, EmailReason, ForecastLeftOut, ForecastSummary, ForeseenEmail,
    ForeseenLogin, Incident, IncidentKey, Lapse, Token, WeekOfRenewals, WhatIf,
};

/// How many tokens an email names at most, for its subject.
const NAMED: usize = 20;

const DAY: f64 = 86_400.0;

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

/// The parts of a forecast that come from people's stories.
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

/// A person's classes by their position.
struct Told<'a> {
    person: &'a Person,
    classes: Vec<&'a Class>,
    app: &'a str,
    settings: &'a Settings,
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
        let told = Told {
            person,
            classes: person.classes.values().collect(),
            app: app.map_or("", |app| &app.name),
            settings,
        };
        self.add_logins(&told, timeline);
        for (at, class) in &timeline.renewals {
            *self.renewals.entry(monday(*at)).or_default() += told.count(&[*class]);
        }
        for email in &timeline.emails {
            let to = match email.incident_cause.concerns_operator() {
                true => operators,
                false => recipients,
            };
            if !to.to.is_empty() {
                self.emails.add(email.at, || told.email(email, to));
            }
        }
        self.add_lapses(&told, timeline);
        for checks in &timeline.checks {
            self.add_checks(&told, checks);
        }
        for calls in &timeline.other_calls {
            self.add_other_calls(&told, calls);
        }
    }

    fn add_logins(&mut self, told: &Told<'_>, timeline: &Timeline) {
        self.people += u64::from(!timeline.logins.is_empty());
        for (round, login) in (1..).zip(&timeline.logins) {
            self.logins.add(login.by, || ForeseenLogin {
                by: login.by,
                person: told.person.id.clone(),
                name: told.person.name.clone(),
                app: told.app.to_owned(),
                tokens: told.count(&login.classes),
                pages: told.person.pages,
                round,
            });
        }
    }

    fn add_lapses(&mut self, told: &Told<'_>, timeline: &Timeline) {
        for (at, cause, class) in &timeline.lapses {
            let Some(class) = told.class(*class) else {
                continue;
            };
            for name in &class.names {
                self.lapses.add(*at, || Lapse {
                    token: name.clone(),
                    at: *at,
                    why: sentences::why(*cause, told.person, told.settings),
                });
            }
            self.lapses
                .count_more(class.count - class.names.len() as u64);
        }
    }

    fn days_after_midnight(&self, at: Timestamp) -> f64 {
        at.duration_since(self.midnight).as_secs_f64() / DAY
    }

    fn add_checks(&mut self, told: &Told<'_>, checks: &Checks) {
        let from = self.days_after_midnight(checks.from);
        let to = self.days_after_midnight(checks.to);
        let whole = told.checks_a_day() * told.count(&[checks.class]) as f64;
        let days = self.calls.get_mut(told.person.app).into_iter().flatten();
        for (number, day) in days.enumerate() {
            let start = number as f64;
            let part = to.min(start + 1.0) - from.max(start);
            *day += whole * part.max(0.0);
        }
    }

    fn add_other_calls(&mut self, told: &Told<'_>, calls: &OtherCalls) {
        let number = self.days_after_midnight(calls.at) as usize;
        let days = self.calls.get_mut(told.person.app);
        if let Some(day) = days.and_then(|days| days.get_mut(number)) {
            *day += f64::from(calls.calls) * told.count(&[calls.class]) as f64;
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

impl Told<'_> {
    /// Intervals are shortened by up to a tenth, so that checks are spread.
    fn checks_a_day(&self) -> f64 {
        let app = self.settings.apps.get(self.person.app);
        let interval = app.map_or(DAY, |app| app.rules.check_every.as_secs_f64());
        DAY / (0.95 * interval)
    }

    fn class(&self, at: ClassIndex) -> Option<&Class> {
        self.classes.get(at as usize).copied()
    }

    fn count(&self, classes: &[ClassIndex]) -> u64 {
        let counts = classes.iter().filter_map(|at| self.class(*at));
        counts.map(|class| class.count).sum()
    }

    fn email(&self, email: &Email, recipients: &Recipients) -> ForeseenEmail {
        let mut to = match email.reason {
            EmailReason::Escalated => recipients.escalation.clone(),
            _ if email.is_escalated => [&recipients.to[..], &recipients.escalation].concat(),
            _ => recipients.to.clone(),
        };
        let mut seen = HashSet::new();
        to.retain(|address| seen.insert(address.clone()));
        ForeseenEmail {
            at: email.at,
            subject: self.subject(email, &to, recipients),
            to,
        }
    }

    /// As the email would say it.
    fn subject(&self, email: &Email, to: &[String], recipients: &Recipients) -> String {
        let count = self.count(&email.classes);
        let incident = Incident {
            subject_name: self.person.name.clone(),
            deadline: email.deadline,
            affected: count,
            ..opened(
                IncidentKey {
                    app: self.app.to_owned(),
                    cause: email.incident_cause,
                    subject: self.person.id.clone(),
                },
                email.cause,
                email.at,
            )
        };
        let classes = email.classes.iter().filter_map(|at| self.class(*at));
        let tokens: Vec<Token> = classes
            .map(|class| class.course.token().clone())
            .take(NAMED)
            .collect();
        incident_email::subject(&EmailContext {
            incident: &incident,
            reason: email.reason,
            tokens: &tokens,
            count,
            pages: self.person.pages,
            apps: &[],
            sink: None,
            readers: Readers::of(to, &self.settings.alerts.operators),
            recipients: to,
            operators: &self.settings.alerts.operators,
            login_link: None,
            broken_since: None,
            next_email: None,
            now: email.at,
            zone: &recipients.hours.timezone,
            language: recipients.language,
        })
    }
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn monday(at: Timestamp) -> Date {
    let day = date(at);
    let since = day.weekday().to_monday_zero_offset();
    day.checked_sub(i32::from(since).days()).unwrap_or(day)
}
