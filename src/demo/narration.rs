//! Prints what happens during the demo, one line per event.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::fixtures::Fixtures;
use super::harness::{Error, Harness};
use crate::model::{Cause, Event, EventId, EventRecord, Outcome, State};

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
            "{BOLD}Perennial{BOLD:#} looks after {} tokens on a simulated Meta: of {} people and their pages, of 3 system users \
             (one for WhatsApp), and of an Instagram and a Threads account.",
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
        let mut deaths: Vec<(&EventRecord, Cause)> = Vec::new();
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
        let mut causes: Vec<Cause> = deaths.iter().map(|(_, cause)| *cause).collect();
        causes.dedup();
        for cause in causes {
            let died = deaths.iter().filter(|(_, other)| *other == cause);
            let names: Vec<&str> = died
                .clone()
                .filter_map(|(record, _)| record.token.as_deref())
                .collect();
            let at = died
                .map(|(record, _)| record.at)
                .next()
                .unwrap_or_else(|| harness.now());
            let what = format!(
                "{}: {} ({})",
                no_longer_work(names.len()),
                cause.describe(),
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
    Death(Cause),
    Line(Style, &'static str, String),
}

/// `None` for what leads to nothing that the watcher would see.
fn describe(record: &EventRecord) -> Option<Narrated> {
    let style = match &record.event {
        Event::Changed {
            to: State::Dead,
            cause: Some(cause),
            ..
        } => return Some(Narrated::Death(*cause)),
        Event::EmailSent(email) => {
            return Some(Narrated::Line(MAIL, "mail", email.subject.clone()));
        }
        Event::Changed {
            from: State::Dead,
            to: State::Healthy,
            ..
        }
        | Event::Rotated {
            outcome: Outcome::Renewed,
            ..
        }
        | Event::Derived { .. }
        | Event::CandidateAccepted { .. }
        | Event::AppRecovered { .. } => GOOD,
        Event::Changed {
            to: State::Expiring,
            ..
        } => MAIL,
        Event::Rotated { .. } => DIM,
        Event::CandidateRefused { .. } | Event::AppFailing { .. } => BLOW,
        _ => return None,
    };
    let name = record.token.as_ref().or(record.app.as_ref());
    let name = name.map_or_else(String::new, |name| format!("{name}: "));
    let what = format!("{name}{}", record.event.describe());
    Some(Narrated::Line(style, "perennial", what))
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
