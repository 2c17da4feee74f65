//! Renewals a week and calls a day: charts on a terminal, all numbers in a pipe.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::people::number;
use super::{heading, section};
use crate::cli::terminal::output::{Glyphs, Medium, TerminalFormat};
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::text::count;
use crate::cli::terminal::{bars, charts, style};
use crate::model::{DayOfCalls, Forecast, WeekOfRenewals};

/// More weeks than this are shown by four.
const MOST_WEEKS: usize = 27;

const LONGEST_BAR: usize = 40;

/// What stands beside a bar: a day, a number and the gaps.
const BESIDE_BAR: usize = 24;

pub(super) fn renewals(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    let mut columns = vec![Column::new("WEEK"), Column::number("RENEWALS")];
    let Medium::Terminal { width } = format.medium else {
        let row = |week: &WeekOfRenewals| {
            vec![Cell::new(week.week.to_string()), number(week.count, format)]
        };
        let rows = (&*forecast.renewals, 0);
        return section("Renewals a week", columns, rows, row, format);
    };
    if forecast.renewals.iter().all(|week| week.count == 0) {
        return None;
    }
    let weeks = every_week(forecast);
    let step = weeks_in_one(weeks.len());
    let sums = weeks.chunks(step).map(|weeks| {
        let count = weeks.iter().map(|week| week.count).sum();
        let week = weeks.first().map(|week| week.week);
        (week.unwrap_or_default(), count)
    });
    let sums: Vec<(Date, u64)> = sums.collect();
    let most = sums.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let longest = width.saturating_sub(BESIDE_BAR).min(LONGEST_BAR);
    let row = |(week, sum): &(Date, u64)| {
        let bar = charts::bar(*sum, most, longest, format.glyphs);
        let sum = Cell::new(count(*sum));
        vec![
            Cell::new(week.to_string()),
            sum,
            Cell::styled(bar, style::GOOD),
        ]
    };
    let rows: Vec<_> = sums.iter().map(row).collect();
    columns.push(Column::new(""));
    let title = match step {
        1 => "Renewals a week that would happen by themselves",
        _ => "Renewals in four weeks that would happen by themselves",
    };
    let table = Table::new(columns).page(&rows, format);
    Some(heading(title) + &table)
}

/// The weeks of the whole time, also those without a renewal.
fn every_week(forecast: &Forecast) -> Vec<WeekOfRenewals> {
    let counts = forecast.renewals.iter().map(|week| (week.week, week.count));
    let counts: BTreeMap<Date, u64> = counts.collect();
    let day = |at: jiff::Timestamp| at.to_zoned(TimeZone::UTC).date();
    let (from, to) = (day(forecast.from), day(forecast.to));
    let Some(known) = counts.keys().next().copied() else {
        return Vec::new();
    };
    let back = known
        .series(-1.week())
        .take_while(|week| *week > from - 1.week());
    let start = back.last().unwrap_or(known);
    let weeks = start.series(1.week()).take_while(|week| *week <= to);
    let with_count = |week| WeekOfRenewals {
        week,
        count: counts.get(&week).copied().unwrap_or(0),
    };
    weeks.map(with_count).collect()
}

const fn weeks_in_one(weeks: usize) -> usize {
    if weeks > MOST_WEEKS { 4 } else { 1 }
}

/// The calls of an app: its busiest day, and the highest use of each week.
struct Calls<'a> {
    busiest: &'a DayOfCalls,
    weeks: Vec<u32>,
    /// How many weeks are in one of them.
    step: usize,
}

pub(super) fn calls(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    if format.is_pipe() {
        return every_day(forecast, format);
    }
    let mut apps: BTreeMap<&str, Vec<&DayOfCalls>> = BTreeMap::new();
    for day in &forecast.calls {
        apps.entry(&day.app).or_default().push(day);
    }
    let mut apps: Vec<Calls<'_>> = apps.values().filter_map(|days| of_app(days)).collect();
    apps.sort_by_key(|calls| std::cmp::Reverse(percent(calls.busiest)));
    let is_in_fours = apps.iter().any(|calls| calls.step > 1);
    let columns = vec![
        Column::new("APP"),
        Column::new("BUSIEST DAY"),
        Column::number("CALLS"),
        Column::number("BUDGET"),
        Column::number("USE"),
        Column::new(match (format.glyphs, is_in_fours) {
            (Glyphs::Unicode, false) => "EACH WEEK",
            (Glyphs::Unicode, true) => "EACH FOUR WEEKS",
            (Glyphs::Ascii, false) => "TENTHS, EACH WEEK",
            (Glyphs::Ascii, true) => "TENTHS, EACH FOUR WEEKS",
        }),
    ];
    let row = |calls: &Calls<'_>| app_row(calls, format);
    let title = "Calls to Meta a day, against the budget";
    section(title, columns, (&apps, 0), row, format)
}

fn of_app<'a>(days: &[&'a DayOfCalls]) -> Option<Calls<'a>> {
    let start = days.iter().map(|day| day.day).min()?;
    let mut weeks = Vec::new();
    let mut busiest: Option<&DayOfCalls> = None;
    for day in days {
        let (percent, since) = (percent(day), day.day.since(start).ok()?.get_days());
        let week = usize::try_from(since / 7).ok()?;
        weeks.resize(weeks.len().max(week + 1), 0);
        weeks[week] = percent.max(weeks[week]);
        if busiest.is_none_or(|before| percent > self::percent(before)) {
            busiest = Some(day);
        }
    }
    let step = weeks_in_one(weeks.len());
    let highest = |weeks: &[u32]| weeks.iter().copied().max().unwrap_or(0);
    Some(Calls {
        busiest: busiest.filter(|day| day.expected > 0)?,
        weeks: weeks.chunks(step).map(highest).collect(),
        step,
    })
}

fn app_row(calls: &Calls<'_>, format: &TerminalFormat) -> Vec<Cell> {
    let (busiest, percent) = (calls.busiest, percent(calls.busiest));
    vec![
        Cell::new(&busiest.app),
        Cell::new(busiest.day.to_string()),
        Cell::new(count(busiest.expected)),
        Cell::new(count(busiest.budget)),
        Cell::styled(
            format!("{} %", count(percent.into())),
            bars::use_of_limit(percent),
        ),
        Cell::new(charts::sparkline(&calls.weeks, format.glyphs)),
    ]
}

fn every_day(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    let columns = vec![
        Column::new("DAY"),
        Column::new("APP"),
        Column::number("CALLS"),
        Column::number("BUDGET"),
    ];
    let row = |day: &DayOfCalls| {
        let (calls, budget) = (number(day.expected, format), number(day.budget, format));
        vec![
            Cell::new(day.day.to_string()),
            Cell::new(&day.app),
            calls,
            budget,
        ]
    };
    section(
        "Calls to Meta a day",
        columns,
        (&forecast.calls, 0),
        row,
        format,
    )
}

fn percent(day: &DayOfCalls) -> u32 {
    let percent = day.expected.saturating_mul(100) / day.budget.max(1);
    u32::try_from(percent).unwrap_or(u32::MAX)
}
