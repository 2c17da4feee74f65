//! Prints what happens during the demo, at the end of each of its days.
//!
//! - `entry`: what deserves a line · `exchanges`, `repeats`: what is only counted · `fold`, `texts`: one line for many tokens
//! - `heading`: what is printed before and after

mod entry;
mod exchanges;
mod fold;
mod heading;
mod repeats;
mod texts;
mod tone;

use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::Error;
use super::harness::Harness;
use super::inbox::Done;
use super::visit::Visit;
use crate::model::{Event, EventId, EventRecord};
use entry::{Entry, TokenNews, What, entry};
use exchanges::Exchanges;
use fold::{Folded, fold};
use repeats::Repeats;

pub(super) use entry::Actor;
pub(super) use heading::{WIDTH, opening, places, wrapped};
pub(super) use tone::LineTone;

#[derive(Debug)]
pub(super) struct Printer {
    start: Timestamp,
    zone: TimeZone,
    narrated: EventId,
    /// What happened on the day that is not printed yet.
    entries: Vec<Entry>,
    exchanges: Exchanges,
    repeats: Repeats,
    /// The tokens that do not work, or not for everything. The others fail only as long as their app does.
    broken: BTreeSet<String>,
    /// All lines.
    pub(super) lines: Vec<Line>,
}

/// The width of the longest name of an actor.
const ACTOR: usize = 9;

/// A line of the timeline.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) day: i32,
    pub(super) date: String,
    pub(super) time: String,
    pub(super) actor: Actor,
    pub(super) tone: LineTone,
    pub(super) text: String,
}

impl Printer {
    pub(super) fn new(start: Timestamp, zone: TimeZone) -> Self {
        Self {
            start,
            zone,
            narrated: EventId(0),
            entries: Vec::new(),
            exchanges: Exchanges::default(),
            repeats: Repeats::default(),
            broken: BTreeSet::new(),
            lines: Vec::new(),
        }
    }

    /// Counts the days of the demo, from 1.
    pub(super) fn day(&self, at: Timestamp) -> i32 {
        let date = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        (date(at) - date(self.start)).get_days() + 1
    }

    pub(super) fn at_meta(&mut self, at: Timestamp, tone: LineTone, what: String) {
        self.add(at, Actor::Meta, What::Sentence(tone, what));
    }

    pub(super) fn person(&mut self, done: &Done) {
        let Done {
            person, headline, ..
        } = done;
        let what = match done.action {
            Visit::LogsIn => "clicks the link, logs in",
            Visit::PassesSecurityCheck => "passes the check, clicks “check now”",
            Visit::GetsRoleBack => "gets the role back, clicks “check now”",
        };
        let what = format!("{person} {what}: “{headline}”");
        self.add(
            done.at,
            Actor::Person,
            What::Sentence(LineTone::Plain, what),
        );
    }

    fn add(&mut self, at: Timestamp, actor: Actor, what: What) {
        self.entries.push(Entry { at, actor, what });
    }

    /// Takes in the events that Perennial recorded since the last call.
    pub(super) async fn journal(&mut self, harness: &Harness) -> Result<(), Error> {
        let after = self.narrated;
        let events = harness
            .inventory
            .read(move |view| view.events(after, None, 10_000))
            .await?;
        for record in &events {
            self.narrated = record.id;
            if let Some(entry) = entry(record)
                && self.deserves_line(record, &entry)
            {
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    fn deserves_line(&mut self, record: &EventRecord, entry: &Entry) -> bool {
        match (&record.event, &entry.what) {
            (Event::EmailSent(email), _) => self.repeats.count(email),
            (_, What::Token(TokenNews::Exchanged, name)) => {
                let day = self.day(entry.at);
                self.exchanges.count(name, day)
            }
            (_, What::Token(TokenNews::Died(_) | TokenNews::Failing(_), name)) => {
                self.broken.insert(name.clone());
                true
            }
            (_, What::Token(TokenNews::Recovered, name)) => self.broken.remove(name),
            (_, What::Token(TokenNews::Renewed(_) | TokenNews::Accepted(_), name)) => {
                self.exchanges.reset(name);
                true
            }
            _ => true,
        }
    }

    /// Prints the days before that of `now`.
    pub(super) fn print_days_before(
        &mut self,
        now: Timestamp,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let first = self.entries.first().map(|entry| self.day(entry.at));
        match first.is_some_and(|first| first < self.day(now)) {
            true => self.print_all(out),
            false => Ok(()),
        }
    }

    pub(super) fn print_all(&mut self, out: &mut impl Write) -> io::Result<()> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by_key(|entry| entry.at);
        for folded in fold(entries, &self.exchanges, &self.zone) {
            if folded.actor == Actor::Consumer && !self.repeats.shows_delivery() {
                continue;
            }
            let line = self.line(folded);
            line.print(out)?;
            self.lines.push(line);
        }
        Ok(())
    }

    fn line(&self, folded: Folded) -> Line {
        let at = folded.at.to_zoned(self.zone.clone());
        Line {
            day: self.day(folded.at),
            date: at.strftime("%e %b").to_string(),
            time: at.strftime("%H:%M").to_string(),
            actor: folded.actor,
            tone: folded.tone,
            text: folded.text,
        }
    }

    /// What was folded away.
    pub(super) fn not_shown(&self) -> String {
        let Repeats {
            summaries,
            reminders,
            resolutions,
            ..
        } = &self.repeats;
        format!(
            "Not shown, as they repeat: {} exchanges that moved no end; {summaries} summaries, {reminders} reminders, \
             {resolutions} \"works again\".",
            self.exchanges.unshown
        )
    }
}

impl Line {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        const DIM: Style = Style::new().dimmed();
        let style = self.style();
        let head = format!("day {:>2} {:>6} {}  ", self.day, self.date, self.time);
        let indent = head.chars().count() + ACTOR + 1;
        let mut lines = wrapped(&self.text, WIDTH - indent).into_iter();
        let first = lines.next().unwrap_or_default();
        let actor = self.actor.name();
        writeln!(
            out,
            "{DIM}{head}{DIM:#}{style}{actor:<ACTOR$}{style:#} {first}"
        )?;
        for more in lines {
            writeln!(out, "{:indent$}{more}", "")?;
        }
        Ok(())
    }

    const fn style(&self) -> Style {
        let color = match (self.actor, self.tone) {
            (Actor::Email, _) => AnsiColor::Yellow,
            (Actor::Person | Actor::Consumer, _) => AnsiColor::Blue,
            (_, LineTone::Bad) => AnsiColor::Red,
            (_, LineTone::Good) => AnsiColor::Green,
            (_, LineTone::Warn) => AnsiColor::Yellow,
            (_, LineTone::Plain) => return Style::new(),
        };
        color.on_default()
    }
}
