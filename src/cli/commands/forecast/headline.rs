//! The first line: what would happen, in numbers, and under which condition.

use jiff::civil::Date;

use super::lines;
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::style;
use crate::cli::terminal::text::{all_of, count, counted};
use crate::model::{Forecast, ForecastQuestion, WhatIf};

/// Within so many days, a day and a month name one date.
const UNAMBIGUOUS: u16 = 300;

pub(super) fn of(
    forecast: &Forecast,
    question: &ForecastQuestion,
    format: &TerminalFormat,
) -> String {
    let style = match forecast.summary.lapses {
        0 => style::GOOD,
        _ => style::BAD,
    };
    let lines = lines(&sentence(forecast, question), 0, format);
    let painted = lines
        .iter()
        .map(|line| style::paint(line, style.bold()) + "\n");
    painted.collect()
}

fn sentence(forecast: &Forecast, question: &ForecastQuestion) -> String {
    let summary = &forecast.summary;
    let days = counted(question.days.into(), "day");
    let of_whom = question.person.as_deref();
    let of_whom = of_whom.map_or_else(String::new, |person| format!(" for {person}"));
    let by_whom = match (of_whom.is_empty(), summary.people) {
        (false, _) | (true, 0) => String::new(),
        (true, 1) => " by 1 person".to_owned(),
        (true, people) => format!(" by {} people", count(people)),
    };
    let logins = counted(summary.logins, "login");
    let by_themselves = match summary.renewals {
        1 => "itself",
        _ => "themselves",
    };
    let renewals = counted(summary.renewals, "renewal");
    let lapses = counted(summary.lapses, "token");
    format!(
        "Next {days}{of_whom}: {logins}{by_whom} would be due, {renewals} would happen by {by_themselves}, {lapses} \
         would lapse if {}{}.",
        all_of(&conditions(question)),
        busiest_day(forecast, question.days),
    )
}

fn conditions(question: &ForecastQuestion) -> Vec<String> {
    let second_reminder = "logs in at the second reminder";
    let mut conditions = match &question.what_if {
        None => vec![format!("everyone {second_reminder}")],
        Some(WhatIf::NobodyLogsIn) => vec!["nobody logs in".to_owned()],
        Some(WhatIf::Leaves { person, on }) => vec![
            format!("{person} leaves on {on}"),
            format!("everyone else {second_reminder}"),
        ],
        Some(WhatIf::Throttled { app, percent }) => vec![
            format!("{app} may make only {percent} % of its calls"),
            format!("everyone {second_reminder}"),
        ],
    };
    if question.exchange_extends {
        conditions.push("the exchange of a user token extends it".to_owned());
    }
    conditions
}

fn busiest_day(forecast: &Forecast, days: u16) -> String {
    let Some(busiest) = &forecast.summary.busiest_day else {
        return String::new();
    };
    let (on, percent) = (short(busiest.on, days), count(busiest.calls_percent.into()));
    format!(
        "; busiest day {on}, {percent} % of {}'s call budget",
        busiest.app
    )
}

/// `12 Jan`, and the year where there may be two of them.
fn short(day: Date, days: u16) -> String {
    let form = match days {
        ..=UNAMBIGUOUS => "%-d %b",
        _ => "%-d %b %Y",
    };
    day.strftime(form).to_string()
}
