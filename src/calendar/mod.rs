//! Calendars of what is foreseen, for people's calendar programs: the logins of one person, or all that operators plan
//! for. They hold no secret, no login link and no token name. Nothing here reads or writes anything.
//!
//! - `entry`: what a forecast becomes · `revision`: what has changed since a calendar was last shown · `ics`: the text
//!   that calendar programs read (RFC 5545)

mod entry;
mod ics;
mod revision;

use crate::model::Forecast;

pub use entry::{Entry, Login, day_to_log_in, of_operators, of_person};
pub use revision::{Revision, number, revise};

/// The name of the operators' calendar.
pub const OPERATORS: &str = "Perennial";

/// The forecast as a file for operators. It has no memory, so its revision is the time: a later file counts as newer.
pub fn of_forecast(forecast: &Forecast) -> String {
    let logins: Vec<Login<'_>> = forecast.logins.iter().map(Login::first_seen).collect();
    let entries = of_operators(forecast, &logins, forecast.from);
    let minutes = forecast.from.as_second().max(0) / 60;
    let revision = Revision {
        sequence: u32::try_from(minutes).unwrap_or(u32::MAX),
        modified_at: forecast.from,
    };
    render(OPERATORS, &entries, revision)
}

/// The calendar as calendar programs read it.
pub fn render(name: &str, entries: &[Entry], revision: Revision) -> String {
    let mut text = ics::Text::begin(name);
    for entry in entries {
        text.event(entry, revision);
    }
    text.end()
}

#[cfg(test)]
mod tests;
