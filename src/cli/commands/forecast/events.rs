//! What would happen on one day: emails, ends of versions, ends of tokens.

use super::{day_of, first, heading, lines, more, section, when};
use crate::cli::terminal::output::{Medium, TerminalFormat};
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::{style, time};
use crate::model::{Forecast, ForeseenEmail, Lapse, VersionEnding};

pub(super) fn emails(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    let columns = vec![
        Column::new("ON"),
        Column::new("TO").may_shrink_to(16),
        Column::new("SUBJECT").may_shrink_to(24),
    ];
    let row = |email: &ForeseenEmail| {
        vec![
            Cell::new(time::day(email.at, format)),
            Cell::new(email.to.join(", ")),
            Cell::new(&email.subject),
        ]
    };
    let rows = (&*forecast.emails, forecast.left_out.emails);
    section("Emails that would be sent", columns, rows, row, format)
}

pub(super) fn version_ends(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    let columns = vec![
        Column::new("ON"),
        Column::new("APP"),
        Column::new("API"),
        Column::new("VERSION"),
    ];
    let row = |ending: &VersionEnding| {
        let api = match (format.is_pipe(), &*ending.api) {
            (false, "graph") => "Graph API",
            (false, "marketing") => "Marketing API",
            (true, api) | (false, api) => api,
        };
        vec![
            Cell::new(ending.on.to_string()),
            Cell::new(&ending.app),
            Cell::new(api),
            Cell::new(&ending.version),
        ]
    };
    let rows = (&*forecast.version_ends, 0);
    section("Versions that end", columns, rows, row, format)
}

const LAPSES: &str = "Tokens that would lapse";

pub(super) fn lapses(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    if forecast.lapses.is_empty() {
        return None;
    }
    match format.medium {
        Medium::Terminal { .. } => Some(by_reason(forecast, format)),
        Medium::Pipe => {
            let columns = ["TOKEN", "ON", "WHY"].map(Column::new).to_vec();
            let row = |lapse: &Lapse| {
                let on = lapse.at.to_string();
                [&lapse.token, &on, &lapse.why].map(Cell::new).to_vec()
            };
            let rows = (&*forecast.lapses, forecast.left_out.lapses);
            section(LAPSES, columns, rows, row, format)
        }
    }
}

/// Each reason once, with its tokens below it: thousands of tokens may have the same.
fn by_reason(forecast: &Forecast, format: &TerminalFormat) -> String {
    let mut reasons: Vec<(&str, Vec<Vec<Cell>>)> = Vec::new();
    for lapse in first(&forecast.lapses, format) {
        let mut row = vec![Cell::new(format!("  {}", lapse.token))];
        row.extend(day_of(lapse.at, forecast.from, format));
        match reasons.iter_mut().find(|(why, _)| *why == lapse.why) {
            Some((_, rows)) => rows.push(row),
            None => reasons.push((&lapse.why, vec![row])),
        }
    }
    let mut text = heading(LAPSES);
    let mut columns = vec![Column::new("  TOKEN")];
    columns.extend(when("ON", format));
    let mut table = Table::new(columns);
    for (why, rows) in reasons {
        let why = format!("{}:", why.trim_end_matches('.'));
        for line in lines(&why, 0, format) {
            text.push_str(&format!("{}\n", style::paint(&line, style::BAD)));
        }
        text.push_str(&table.page(&rows, format));
    }
    text + &more(&forecast.lapses, forecast.left_out.lapses, format)
}
