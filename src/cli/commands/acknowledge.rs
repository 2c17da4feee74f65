//! `perennial acknowledge ID`: pauses the reminders of an incident.

use std::str::FromStr;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::api::types::AcknowledgeRequest;
use crate::api_client::Client;
use crate::cli::terminal::time;
use crate::cli::{Answer, Error, Result, Terminal};
use crate::model::Span;

/// Stop the reminders of an incident until a date
///
/// The incident stays open, and everyone who was notified of it is notified when it is resolved. An incident about lost
/// commits of the database is resolved at once.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The id of the incident, as in perennial incidents
    id: String,
    /// How long, or until when: 12h, 3d, 2026-12-24, 2026-12-24T08:00:00Z
    #[arg(long, default_value = "3d", value_name = "WHEN")]
    until: Until,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    After(Span),
    On(Date),
    At(Timestamp),
}

impl FromStr for Until {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let span = text.parse().map(Self::After).ok();
        let instant = || text.parse().map(Self::At).ok();
        let date = || text.parse().map(Self::On).ok();
        span.or_else(instant)
            .or_else(date)
            .ok_or("expected a duration such as 12h or 3d, or a date such as 2026-12-24")
    }
}

impl Until {
    /// A date means midnight in the time zone of the command.
    fn instant(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::After(span) => now.checked_add(span.duration()).ok(),
            Self::On(date) => Some(date.to_zoned(zone.clone()).ok()?.timestamp()),
            Self::At(instant) => Some(instant),
        }
    }
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let now = client.status().await?.now;
    let until = options.until.instant(now, &terminal.format.zone);
    let Some(until) = until else {
        return Err(Error::Usage(
            "That date is too far in the future. Name an earlier one".to_owned(),
        ));
    };
    let incident = client
        .acknowledge(&options.id, &AcknowledgeRequest { until })
        .await?;
    if incident.cause.is_about_database() {
        let resolved = format!("Incident {} is resolved.", incident.id);
        terminal.print(&resolved)?;
        return Ok(Answer::Yes);
    }
    let until = incident.next_reminder_at.unwrap_or(until);
    terminal.print(&format!(
        "There are no reminders of incident {} before {}. It stays open: perennial incidents",
        incident.id,
        time::absolute(until, &terminal.format)
    ))?;
    Ok(Answer::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_is_a_span_a_date_or_an_instant() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (text, expected) in [
            ("3d", "2026-11-25T09:00:00Z"),
            ("90m", "2026-11-22T10:30:00Z"),
            ("2026-12-24", "2026-12-23T23:00:00Z"),
            ("2026-12-24T08:00:00Z", "2026-12-24T08:00:00Z"),
            ("2026-12-24T08:00:00+01:00", "2026-12-24T07:00:00Z"),
        ] {
            let until: Until = text.parse().unwrap();
            let instant = until.instant(now, &berlin).unwrap();
            assert_eq!(instant.to_string(), expected, "{text}");
        }
        for text in ["", "tomorrow", "3 days", "24.12.2026", "2026-13-01"] {
            assert!(text.parse::<Until>().is_err(), "{text}");
        }
    }
}
