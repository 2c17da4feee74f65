//! The pages that are kept of a run: the emails as files, and one page with tokens, forecast, timeline and emails. It
//! needs no script and nothing from outside.

use std::fs;
use std::io;
use std::path::Path;

use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::closing_table::{ClosingTable, LEGEND, Row};
use super::foresight::Compared;
use super::inbox::Mailed;
use super::narration::{Line, LineTone};
use crate::look::{STYLE, Tone};
use crate::model::State;

const SOURCE: &str = include_str!("report.html");

/// What the page shows besides the closing table.
pub(super) struct Facts<'a> {
    pub(super) seed: u64,
    pub(super) days: u16,
    pub(super) table: &'a ClosingTable,
    pub(super) compared: Vec<Compared>,
    pub(super) renewals: String,
    pub(super) lines: &'a [Line],
    pub(super) not_shown: String,
    pub(super) emails: &'a [Mailed],
    pub(super) zone: &'a TimeZone,
}

#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    seed: u64,
    days: u16,
    quotable: String,
    is_good: bool,
    verdict: &'static str,
    details: String,
    legend: &'static str,
    counts: Vec<Count>,
    rows: Vec<TokenRow>,
    compared: &'a [Compared],
    renewals: &'a str,
    lines: Vec<TimelineRow<'a>>,
    not_shown: &'a str,
    emails: Vec<EmailRow<'a>>,
}

#[derive(Serialize)]
struct Count {
    state: State,
    number: usize,
    tone: &'static str,
}

#[derive(Serialize)]
struct TokenRow {
    title: String,
    what: String,
    at_meta: &'static str,
    state: State,
    tone: &'static str,
    versions: u32,
    renewed: usize,
    deaths: usize,
    emails: usize,
    is_good: bool,
}

#[derive(Serialize)]
struct TimelineRow<'a> {
    day: i32,
    date: &'a str,
    time: &'a str,
    actor: &'static str,
    tone: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct EmailRow<'a> {
    at: String,
    to: String,
    subject: &'a str,
    /// Without its extension.
    file: &'a str,
}

/// Writes `index.html` into `folder`, and the emails below it. `mail` is where the emails are.
pub(super) fn write(folder: &Path, mail: &Path, facts: &Facts<'_>) -> io::Result<()> {
    let target = folder.join("mail");
    fs::create_dir_all(&target)?;
    if target != mail {
        for entry in fs::read_dir(mail)? {
            let entry = entry?;
            fs::copy(entry.path(), target.join(entry.file_name()))?;
        }
    }
    let page = render(facts).map_err(io::Error::other)?;
    fs::write(folder.join("index.html"), page)
}

fn render(facts: &Facts<'_>) -> Result<String, minijinja::Error> {
    let table = facts.table;
    let page = Page {
        style: STYLE,
        seed: facts.seed,
        days: facts.days,
        quotable: table.quotable(),
        is_good: table.is_good(),
        verdict: table.verdict().1,
        details: table.details(),
        legend: LEGEND,
        counts: counts(&table.rows),
        rows: table.folded().iter().map(token_row).collect(),
        compared: &facts.compared,
        renewals: &facts.renewals,
        lines: facts.lines.iter().map(timeline_row).collect(),
        not_shown: &facts.not_shown,
        emails: facts
            .emails
            .iter()
            .map(|email| email_row(email, facts.zone))
            .collect(),
    };
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    // The name ends in `.html`, which turns on escaping.
    templates.render_named_str("report.html", SOURCE, Serde(&page))
}

fn counts(rows: &[Row]) -> Vec<Count> {
    let states = State::ALL.iter().rev();
    let counts = states.map(|&state| Count {
        state,
        number: rows.iter().filter(|row| row.state == state).count(),
        tone: tone(state).name(),
    });
    counts.filter(|count| count.number > 0).collect()
}

const fn tone(state: State) -> Tone {
    match state {
        State::Healthy => Tone::Good,
        State::Expiring | State::Failing => Tone::Warn,
        State::Dead => Tone::Bad,
        State::Unverified => Tone::Idle,
    }
}

fn token_row(row: &Row) -> TokenRow {
    TokenRow {
        title: row.title(),
        what: row.what_it_is(),
        at_meta: row.at_meta(),
        state: row.state,
        tone: tone(row.state).name(),
        versions: row.versions,
        renewed: row.renewed,
        deaths: row.survival.deaths,
        emails: row.survival.notified,
        is_good: row.is_good(),
    }
}

fn timeline_row(line: &Line) -> TimelineRow<'_> {
    TimelineRow {
        day: line.day,
        date: line.date.trim(),
        time: &line.time,
        actor: line.actor.name(),
        tone: match line.tone {
            LineTone::Plain => "plain",
            LineTone::Good => Tone::Good.name(),
            LineTone::Warn => Tone::Warn.name(),
            LineTone::Bad => Tone::Bad.name(),
        },
        text: &line.text,
    }
}

fn email_row<'a>(email: &'a Mailed, zone: &TimeZone) -> EmailRow<'a> {
    let at = email.at.to_zoned(zone.clone());
    EmailRow {
        at: at.strftime("%-d %b %H:%M").to_string(),
        to: email.to.join(", "),
        subject: &email.subject,
        file: &email.file,
    }
}
