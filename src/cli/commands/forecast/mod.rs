//! `perennial forecast`: what would happen in the next days, and who would have to act.

mod events;
mod figures;
mod headline;
mod people;
#[cfg(test)]
mod tests;

use clap::Args;
use clap::builder::{RangedU64ValueParser, TypedValueParser};
use jiff::Timestamp;

use crate::api::types::{Assumption, ForecastQuery};
use crate::api_client::{Client, with_query};
use crate::calendar;
use crate::cli::terminal::output::{Medium, Terminal, TerminalFormat};
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::text::{self, count, wrapped};
use crate::cli::terminal::{bars, style, time};
use crate::cli::{Answer, Result};
use crate::model::{Forecast, ForecastQuestion, WhatIf};

/// Show what would happen: logins, renewals, emails, calls, lapses
///
/// Nothing is changed, sent or renewed, and Meta is not asked. The first line counts; the sections below it name people,
/// days and tokens.
///
/// Exit code 1, after printing, when a token would lapse: when it would end although everyone who can act does, or, with
/// --what-if "nobody logs in", when any token would end.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many days to look ahead, at most 400
    #[arg(long, default_value_t = ForecastQuestion::USUAL_DAYS, value_parser = days())]
    days: u16,
    /// Only the tokens of this person: a name or an id
    #[arg(long)]
    person: Option<String>,
    /// Suppose: "person NAME leaves 2027-01-15", "app NAME throttled 50%" or "nobody logs in"
    #[arg(long, value_name = "SUPPOSITION")]
    what_if: Option<WhatIf>,
    /// Assume that the exchange of a user token moves its end, which it usually does not
    #[arg(long, value_name = "WHAT", value_parser = assumption())]
    assume: Option<Assumption>,
    /// Print the daemon's JSON
    #[arg(long, conflicts_with = "ics")]
    json: bool,
    /// Print a calendar, for a file that calendar programs import
    #[arg(long)]
    ics: bool,
}

fn days() -> impl TypedValueParser<Value = u16> {
    RangedU64ValueParser::new().range(1..=u64::from(ForecastQuestion::MOST_DAYS))
}

fn assumption() -> impl TypedValueParser<Value = Assumption> {
    clap::builder::PossibleValuesParser::new(["extends"]).map(|_| Assumption::Extends)
}

impl Options {
    fn question(&self) -> ForecastQuestion {
        ForecastQuestion {
            days: self.days,
            person: self.person.clone(),
            what_if: self.what_if.clone(),
            exchange_extends: self.assume == Some(Assumption::Extends),
        }
    }

    fn query(&self) -> ForecastQuery {
        ForecastQuery {
            days: Some(self.days),
            person: self.person.clone(),
            what_if: self.what_if.as_ref().map(ToString::to_string),
            assume: self.assume,
        }
    }
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let query = options.query();
    if options.json {
        let text = client.text(&with_query("/v1/forecast", &query)).await?;
        terminal.print(&text)?;
        let forecast = serde_json::from_str::<Forecast>(&text);
        return Ok(forecast.map_or(Answer::No, |forecast| answer(&forecast)));
    }
    let forecast = client.forecast(&query).await?;
    let text = match options.ics {
        true => calendar::of_forecast(&forecast),
        false => render(&forecast, &options.question(), &terminal.format),
    };
    terminal.print(&text)?;
    Ok(answer(&forecast))
}

const fn answer(forecast: &Forecast) -> Answer {
    match forecast.summary.lapses {
        0 => Answer::Yes,
        _ => Answer::No,
    }
}

pub(crate) fn render(
    forecast: &Forecast,
    question: &ForecastQuestion,
    format: &TerminalFormat,
) -> String {
    let sections = [
        people::logins(forecast, format),
        figures::renewals(forecast, format),
        events::emails(forecast, format),
        figures::calls(forecast, format),
        events::version_ends(forecast, format),
        events::lapses(forecast, format),
        people::single_admin_pages(forecast, format),
        assumes(forecast, format),
    ];
    let mut page = headline::of(forecast, question, format);
    for section in sections.into_iter().flatten() {
        page.push('\n');
        page.push_str(&section);
    }
    page
}

/// Longer lines are hard to read, however wide the terminal is.
const READABLE: usize = 100;

/// The most rows of a section on a terminal.
const ROWS: usize = 20;

/// The text in lines that fit; a single line for a program.
fn lines(text: &str, indent: usize, format: &TerminalFormat) -> Vec<String> {
    let text = text::plain(text);
    match format.medium {
        Medium::Pipe => vec![text],
        Medium::Terminal { width } => wrapped(&text, width.min(READABLE).saturating_sub(indent)),
    }
}

fn heading(title: &str) -> String {
    style::paint(title, style::BOLD) + "\n"
}

/// The rows that are shown, of those that there are.
fn first<'a, T>(rows: &'a [T], format: &TerminalFormat) -> &'a [T] {
    match format.medium {
        Medium::Pipe => rows,
        Medium::Terminal { .. } => rows.get(..ROWS).unwrap_or(rows),
    }
}

/// `and 1,822 more (--json shows up to 1,000)`; nothing when all rows are shown.
fn more<T>(rows: &[T], left_out: u64, format: &TerminalFormat) -> String {
    let hidden = rows.len() - first(rows, format).len();
    match (hidden as u64 + left_out, hidden) {
        (0, _) => String::new(),
        (left, 0) => format!("and {} more\n", count(left)),
        (left, _) => format!("and {} more (--json shows up to 1,000)\n", count(left)),
    }
}

/// A section with a table of the first rows.
fn section<T>(
    title: &str,
    columns: Vec<Column>,
    (rows, left_out): (&[T], u64),
    row: impl Fn(&T) -> Vec<Cell>,
    format: &TerminalFormat,
) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let shown: Vec<Vec<Cell>> = first(rows, format).iter().map(row).collect();
    let table = Table::new(columns).page(&shown, format);
    Some(heading(title) + &table + &more(rows, left_out, format))
}

/// For a day and, on a terminal with room for it, its distance.
fn when(title: &'static str, format: &TerminalFormat) -> Vec<Column> {
    let mut columns = vec![Column::new(title), Column::new("").may_vanish(3)];
    if format.is_pipe() {
        columns.pop();
    }
    columns
}

/// The cells of those columns.
fn day_of(at: Timestamp, now: Timestamp, format: &TerminalFormat) -> Vec<Cell> {
    let style = bars::urgency(at.duration_since(now));
    let mut cells = vec![
        Cell::styled(time::day(at, format), style),
        Cell::styled(time::relative(at, now), style),
    ];
    if format.is_pipe() {
        cells.pop();
    }
    cells
}

fn assumes(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    if forecast.assumes.is_empty() {
        return None;
    }
    let mut text = heading("What this assumes");
    for sentence in &forecast.assumes {
        let lines = lines(sentence, 2, format);
        text.push_str(&format!("- {}\n", lines.join("\n  ")));
    }
    Some(text)
}
