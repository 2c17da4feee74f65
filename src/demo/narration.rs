//! Prints what happens during the demo, one line per event.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::fixtures::Fixtures;
use super::harness::{Error, Harness};
use crate::inventory::{Event, EventId, EventKind};

#[derive(Debug)]
pub(super) struct Printer {
    start: Timestamp,
    narrated: EventId,
}

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const BLOW: Style = AnsiColor::Red.on_default();
const DEED: Style = AnsiColor::Blue.on_default();
const GOOD: Style = AnsiColor::Green.on_default();
const MAIL: Style = AnsiColor::Yellow.on_default();

impl Printer {
    pub(super) const fn new(start: Timestamp) -> Self {
        Self {
            start,
            narrated: EventId(0),
        }
    }

    pub(super) fn opening(&self, fixtures: &Fixtures, out: &mut impl Write) -> Result<(), Error> {
        writeln!(
            out,
            "{BOLD}Perennial{BOLD:#} looks after {} tokens of {} people and 2 machines on a simulated Meta.",
            fixtures.tokens.len(),
            fixtures.people.len()
        )?;
        writeln!(
            out,
            "{DIM}Everything is real except Meta, the people and the clock.{DIM:#}\n"
        )?;
        Ok(())
    }

    fn line(
        &self,
        at: Timestamp,
        style: Style,
        who: &str,
        what: &str,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        let date = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let day = (date(at) - date(self.start)).get_days() + 1;
        let time = at.to_zoned(TimeZone::UTC).strftime("%H:%M");
        Ok(writeln!(
            out,
            "{DIM}day {day:>2} {time}{DIM:#}  {style}{who:<9}{style:#} {what}"
        )?)
    }

    pub(super) fn at_meta(
        &self,
        at: Timestamp,
        what: &str,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        self.line(at, BLOW, "world", what, out)
    }

    pub(super) fn person(
        &self,
        at: Timestamp,
        what: &str,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        self.line(at, DEED, "person", what, out)
    }

    /// Prints the events that Perennial recorded since the last call.
    pub(super) async fn journal(
        &mut self,
        harness: &Harness,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        let after = self.narrated;
        let events = harness
            .inventory
            .read(move |view| view.events(after, None, 10_000))
            .await?;
        let mut deaths: Vec<(&Event, String)> = Vec::new();
        for event in &events {
            self.narrated = event.id;
            match describe(event) {
                Some(Narrated::Death(cause)) => deaths.push((event, cause)),
                Some(Narrated::Line(style, who, what)) => {
                    self.line(event.at, style, who, &what, out)?
                }
                None => {}
            }
        }
        // One line per cause, however many tokens it affects.
        let mut causes: Vec<&str> = deaths.iter().map(|(_, cause)| cause.as_str()).collect();
        causes.dedup();
        for cause in causes {
            let names: Vec<&str> = deaths
                .iter()
                .filter(|(_, other)| other == cause)
                .filter_map(|(event, _)| event.token.as_deref())
                .collect();
            let at = deaths
                .iter()
                .find(|(_, other)| other == cause)
                .map_or(harness.now(), |(e, _)| e.at);
            let what = format!(
                "{}: {cause} ({})",
                no_longer_work(names.len()),
                names.join(", ")
            );
            self.line(at, BLOW, "perennial", &what, out)?;
        }
        Ok(())
    }
}

fn no_longer_work(n: usize) -> String {
    if n == 1 {
        "1 token no longer works".to_owned()
    } else {
        format!("{n} tokens no longer work")
    }
}

enum Narrated {
    /// The cause.
    Death(String),
    Line(Style, &'static str, String),
}

fn describe(event: &Event) -> Option<Narrated> {
    let name = event.token.as_deref().unwrap_or_default();
    let line = |style, what| Some(Narrated::Line(style, "perennial", what));
    let detail = |key: &str| text(&event.detail, key);
    match event.kind {
        EventKind::Changed => changed(name, &detail),
        EventKind::Rotated => Some(rotated(name, &detail)),
        EventKind::Derived => line(
            GOOD,
            format!("{name} derived again through {}", detail("through")),
        ),
        EventKind::CandidateAccepted => {
            line(GOOD, format!("{name} has a new token, confirmed by Meta"))
        }
        EventKind::CandidateRefused => line(
            BLOW,
            format!("{name}: a token was refused, {}", detail("mismatch")),
        ),
        EventKind::AppFailing => line(
            BLOW,
            format!(
                "Meta does not serve the app: {}; its tokens wait, and none is given up",
                detail("cause")
            ),
        ),
        EventKind::AppRecovered => line(GOOD, "Meta serves the app again".to_owned()),
        EventKind::EmailSent => Some(Narrated::Line(MAIL, "mail", detail("subject").to_owned())),
        EventKind::Imported
        | EventKind::Discovered
        | EventKind::Forgotten
        | EventKind::Ordered
        | EventKind::Checked
        | EventKind::OrderRefused
        | EventKind::CandidateKept
        | EventKind::SecretRead
        | EventKind::SecretRefused
        | EventKind::IncidentOpened
        | EventKind::IncidentAcknowledged
        | EventKind::IncidentResolved
        | EventKind::LoginOpened
        | EventKind::LoginAnswered
        | EventKind::LoginEnded
        | EventKind::EmailWritten
        | EventKind::EmailDelayed
        | EventKind::EmailUndelivered
        | EventKind::Started
        | EventKind::WebhookNotice
        | EventKind::WebhookSubscription
        | EventKind::PermissionsLost
        | EventKind::PermissionsRestored
        | EventKind::DataDeleted
        | EventKind::Reloaded
        | EventKind::BackedUp
        | EventKind::BackupFailed
        | EventKind::JournalGap
        | EventKind::SetAside
        | EventKind::Restored => None,
    }
}

fn changed<'a>(name: &str, detail: &impl Fn(&str) -> &'a str) -> Option<Narrated> {
    let cause = detail("cause").replace('_', " ");
    let (style, what) = match detail("to") {
        "dead" => return Some(Narrated::Death(cause)),
        "healthy" if detail("from") == "dead" => (GOOD, format!("{name} works again")),
        "expiring" => (MAIL, format!("{name} needs a person: {cause}")),
        _ => return None,
    };
    Some(Narrated::Line(style, "perennial", what))
}

fn rotated<'a>(name: &str, detail: &impl Fn(&str) -> &'a str) -> Narrated {
    let (style, what) = match detail("outcome") {
        "renewed" => {
            let end = date(detail("expires_at"));
            (GOOD, format!("{name} renewed: expires {end}"))
        }
        outcome => {
            let outcome = outcome.replace('_', " ");
            let what = format!("{name} exchanged without effect: {outcome}");
            (DIM, what)
        }
    };
    Narrated::Line(style, "perennial", what)
}

fn text<'a>(detail: &'a Map<String, Value>, key: &str) -> &'a str {
    detail.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn date(instant: &str) -> &str {
    instant.split('T').next().unwrap_or(instant)
}

/// Prints where to look while the socket and folder exist.
pub(super) fn places(harness: &Harness, program: &str, out: &mut impl Write) -> io::Result<()> {
    let here = harness.folder().display();
    let ask = format!("{program} --socket {here}/perennial.sock");
    writeln!(
        out,
        "\n{BOLD}Look around{BOLD:#} while this runs, from another terminal. Ctrl-C ends it and removes the folder."
    )?;
    writeln!(out, "  {ask} tokens")?;
    writeln!(out, "  {ask} check acme-maria")?;
    writeln!(
        out,
        "  curl --unix-socket {here}/perennial.sock http://localhost/v1/status"
    )?;
    writeln!(out, "  ls {here}/mail")?;
    writeln!(
        out,
        "  sqlite3 {here}/inventory.db 'SELECT name, state, cause FROM token'"
    )
}
