//! The forecast from before the first day, and how it came true.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::closing_table::ClosingTable;
use super::draw::Diligence;
use super::error::Error;
use super::fixtures::{Fixtures, Person};
use super::harness::Harness;
use super::inbox::Done;
use super::visit::Visit;
use crate::api::types::ForecastQuery;
use crate::model::{Cause, Forecast, ForecastQuestion};

#[derive(Debug)]
pub(super) struct Foresight {
    forecast: Forecast,
    zone: TimeZone,
    logins: Vec<Login>,
}

/// A login that happened.
#[derive(Debug)]
struct Login {
    person: String,
    day: i32,
    at: Timestamp,
    cause: Option<Cause>,
}

/// What was foreseen for a person, and what happened.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    pub(super) person: &'static str,
    pub(super) foreseen: String,
    pub(super) happened: String,
}

impl Foresight {
    /// Asks the daemon's socket, as `perennial forecast` does.
    pub(super) async fn ask(harness: &Harness, days: u16) -> Result<Self, Error> {
        let query = ForecastQuery {
            days: Some(days.min(ForecastQuestion::MOST_DAYS)),
            ..ForecastQuery::default()
        };
        Ok(Self {
            forecast: harness.client.forecast(&query).await?,
            zone: harness.timezone().clone(),
            logins: Vec::new(),
        })
    }

    /// The forecast in sentences.
    pub(super) fn sentences(&self) -> Vec<String> {
        let summary = &self.forecast.summary;
        let mut people: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut order = Vec::new();
        for login in &self.forecast.logins {
            let by = self.date(login.by);
            let name = login.name.as_deref().unwrap_or(&login.person);
            people.entry(by.clone()).or_default().push(name);
            if !order.contains(&by) {
                order.push(by);
            }
        }
        let by_day = order.iter().map(|by| {
            let names = people.get(by).map(|names| names.join(", "));
            format!("{} by {by}", names.unwrap_or_default())
        });
        let by_day: Vec<String> = by_day.collect();
        let logins = match by_day.is_empty() {
            true => "0 logins".to_owned(),
            false => format!("{} logins: {}", summary.logins, by_day.join("; ")),
        };
        vec![
            logins,
            format!(
                "{} renewals by itself; {} tokens would lapse if everyone acts on the emails",
                summary.renewals, summary.lapses
            ),
            "It cannot foresee changed passwords, lost roles and outages.".to_owned(),
        ]
    }

    /// Remembers a login that worked.
    pub(super) async fn record(
        &mut self,
        done: &Done,
        day: i32,
        harness: &Harness,
    ) -> Result<(), Error> {
        if done.action != Visit::LogsIn || !done.worked {
            return Ok(());
        }
        let incident = done.incident;
        let cause = harness.inventory.read(move |view| {
            let incident = incident.map(|id| view.incident(id)).transpose()?;
            Ok(incident.flatten().map(|incident| incident.cause))
        });
        self.logins.push(Login {
            person: done.person.clone(),
            day,
            at: done.at,
            cause: cause.await?,
        });
        Ok(())
    }

    /// For each person with a login that was foreseen or happened.
    pub(super) fn compared(&self, fixtures: &Fixtures, table: &ClosingTable) -> Vec<Compared> {
        let people = fixtures.people.iter();
        let compared = people.filter_map(|person| {
            let foreseen = self.foreseen(person);
            let happened = self.happened(person);
            if foreseen.is_empty() && happened.is_empty() {
                return None;
            }
            let happened = match happened.is_empty() {
                true => without_login(person, table),
                false => happened.join("; "),
            };
            let foreseen = match foreseen.is_empty() {
                true => "no login".to_owned(),
                false => foreseen.join("; "),
            };
            Some(Compared {
                person: person.name,
                foreseen,
                happened,
            })
        });
        compared.collect()
    }

    fn foreseen(&self, person: &Person) -> Vec<String> {
        let logins = self.forecast.logins.iter();
        let logins = logins.filter(|login| login.person == person.id);
        logins
            .map(|login| format!("by {}", self.date(login.by)))
            .collect()
    }

    fn happened(&self, person: &Person) -> Vec<String> {
        let logins = self.logins.iter();
        let logins = logins.filter(|login| login.person == person.name);
        let happened = logins.map(|login| {
            let why = login.cause.map_or("", unforeseen);
            format!("{}, day {}{why}", self.date(login.at), login.day)
        });
        happened.collect()
    }

    pub(super) fn renewals(&self, table: &ClosingTable) -> String {
        format!(
            "Renewals by itself: {} foreseen, {} happened. Tokens that lapse: {} foreseen, {} happened.",
            self.forecast.summary.renewals,
            table.renewals(),
            self.forecast.summary.lapses,
            table.rows.iter().filter(|row| !row.alive).count(),
        )
    }

    pub(super) fn print(
        &self,
        fixtures: &Fixtures,
        table: &ClosingTable,
        out: &mut impl Write,
    ) -> io::Result<()> {
        const HEAD: Style = Style::new().bold();
        let compared = self.compared(fixtures, table);
        if !compared.is_empty() {
            writeln!(
                out,
                "\n{HEAD}{:<8} {:<22} {}{HEAD:#}",
                "who", "login foreseen", "what happened"
            )?;
        }
        for Compared {
            person,
            foreseen,
            happened,
        } in compared
        {
            writeln!(out, "{person:<8} {foreseen:<22} {happened}")?;
        }
        writeln!(out, "{}", self.renewals(table))
    }

    fn date(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        at.strftime("%-d %b").to_string()
    }
}

/// Why a login was needed that no clock foretells.
const fn unforeseen(cause: Cause) -> &'static str {
    match cause {
        Cause::PasswordChanged => " (a changed password)",
        Cause::AppRemoved => " (the app was removed)",
        Cause::PermissionMissing => " (a permission was taken away)",
        Cause::SessionEnded => " (the session ended)",
        _ => "",
    }
}

fn without_login(person: &Person, table: &ClosingTable) -> String {
    let name = person.token();
    let row = table.rows.iter().find(|row| row.name == name);
    match (row, person.diligence) {
        (Some(row), _) if row.was_renewed_alone() => {
            "no login needed: for this token, Meta moved the end at each exchange".to_owned()
        }
        (Some(row), Diligence::Away) => {
            format!("no login: on leave, after {} emails", row.survival.notified)
        }
        (_, Diligence::Reliable) | (None, _) => "no login yet".to_owned(),
    }
}
