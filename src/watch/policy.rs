//! What is wrong with the daemon, and which letters that takes now. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::status::snapshot::StatusReport;

/// What was seen from outside.
#[derive(Clone, Debug)]
pub struct Facts {
    pub daemon: Answer,
    /// Bytes left where the inventory stands; unknown to whoever may not look there.
    pub free: Option<u64>,
    /// Of the inventory.
    pub size: u64,
    /// An open incident is about an app as a whole: somebody was told why nothing is swept.
    pub app_in_trouble: bool,
}

/// What the daemon answered.
#[derive(Clone, Debug)]
pub enum Answer {
    Report(Box<StatusReport>),
    /// Nobody is there, in words.
    Nobody(String),
    /// Somebody is there and does not answer as it should.
    Silence(String),
}

/// A cause that a person is told of once, and by a word that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    Down,
    Silent,
    SweepLate,
    MailStuck,
    NotReady,
    Crashing,
    DiskLow,
    NoBackup,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub alarm: Alarm,
    /// In whole sentences.
    pub why: String,
}

/// How an alarm stands between one look and the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub since: Timestamp,
    /// How many letters there were.
    pub letters: u32,
    pub told_at: Option<Timestamp>,
    /// It was not found any more from then on.
    pub gone_since: Option<Timestamp>,
}

pub type Standings = BTreeMap<String, Standing>;

/// A letter that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub alarm: Alarm,
    pub occasion: Occasion,
    /// When the alarm was first found.
    pub since: Timestamp,
    /// Which of the letters about it this is, from 0.
    number: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    First { why: String },
    Reminder { why: String },
    Over { until: Timestamp },
}

/// A daemon that has just started may not have swept yet.
const SETTLING: SignedDuration = SignedDuration::from_mins(15);
const LATE: SignedDuration = SignedDuration::from_hours(1);
const STUCK: SignedDuration = SignedDuration::from_hours(1);
const REMIND: SignedDuration = SignedDuration::from_hours(24);
/// What comes and goes within that is one alarm, not many.
const QUIET: SignedDuration = SignedDuration::from_mins(25);
const CRASHES: u32 = 3;
/// Below it, or below what a copy of the inventory takes, there is too little room.
const LEAST_FREE: u64 = 64 << 20;

/// Everything that is wrong, the gravest first.
pub fn findings(facts: &Facts, now: Timestamp) -> Vec<Finding> {
    let mut found = match &facts.daemon {
        Answer::Nobody(why) => vec![Finding::new(Alarm::Down, why.clone())],
        Answer::Silence(why) => vec![Finding::new(Alarm::Silent, why.clone())],
        Answer::Report(report) => of_report(report, facts.app_in_trouble, now),
    };
    let needed = facts.size.max(LEAST_FREE);
    if let Some(free) = facts.free.filter(|free| *free < needed) {
        let words = format!(
            "{} MiB are free on the disk of the inventory, and it needs {}.",
            free >> 20,
            needed >> 20
        );
        found.push(Finding::new(Alarm::DiskLow, words));
    }
    found
}

fn of_report(report: &StatusReport, app_in_trouble: bool, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let last = report.sweep.last_finished_at.unwrap_or(report.started_at);
    if last > now + LATE {
        let words = format!(
            "The last full sweep is said to have ended at {last}, which is yet to come. Was the clock wrong?"
        );
        found.push(Finding::new(Alarm::SweepLate, words));
    }
    let expected = report.sweep.next_at.unwrap_or(last).max(last);
    if now > expected + LATE && !app_in_trouble {
        found.push(Finding::new(
            Alarm::SweepLate,
            format!("The last full sweep ended at {last}."),
        ));
    }
    if let Some(oldest) = report
        .mail
        .oldest_queued_at
        .filter(|oldest| now > *oldest + STUCK)
    {
        let reason = report
            .mail
            .last_error
            .as_deref()
            .unwrap_or("no reason is known");
        let words = format!("Letters have waited since {oldest}: {reason}.");
        found.push(Finding::new(Alarm::MailStuck, words));
    }
    let settled = now > report.started_at + SETTLING;
    if !report.ready && settled && found.is_empty() && !app_in_trouble {
        found.push(Finding::new(Alarm::NotReady, sentences(&report.problems)));
    }
    let crashes = report.upkeep.crashes_last_hour;
    if crashes >= CRASHES {
        let words = format!("It ended {crashes} times within the last hour without being told to.");
        found.push(Finding::new(Alarm::Crashing, words));
    }
    if let Some(reason) = &report.upkeep.backup_error {
        let newest = report.upkeep.backed_up_at;
        let newest = newest.map_or("There is no copy".to_owned(), |at| {
            format!("The newest copy is of {at}")
        });
        found.push(Finding::new(
            Alarm::NoBackup,
            format!("{newest}. The last attempt failed: {reason}."),
        ));
    }
    found
}

fn sentences(problems: &[String]) -> String {
    let problems: Vec<String> = problems
        .iter()
        .map(|problem| format!("{problem}."))
        .collect();
    problems.join(" ")
}

/// The letters that are due, and the standings as they are before any of them is sent.
pub fn letters(standings: &mut Standings, findings: &[Finding], now: Timestamp) -> Vec<Letter> {
    let mut due = Vec::new();
    for Finding { alarm, why } in findings {
        let standing = standings
            .entry(alarm.word().to_owned())
            .or_insert_with(|| Standing::begun(now));
        standing.gone_since = None;
        let why = why.clone();
        let occasion = match standing.told_at {
            None => Occasion::First { why },
            Some(told) if now >= told + REMIND => Occasion::Reminder { why },
            Some(_) => continue,
        };
        due.push(standing.letter(*alarm, occasion));
    }
    for alarm in Alarm::ALL {
        let is_found = findings.iter().any(|finding| finding.alarm == alarm);
        let Some(standing) = standings.get_mut(alarm.word()).filter(|_| !is_found) else {
            continue;
        };
        let gone = *standing.gone_since.get_or_insert(now);
        if standing.told_at.is_none() {
            // Nobody has heard of it.
            standings.remove(alarm.word());
        } else if now >= gone + QUIET {
            due.push(standing.letter(alarm, Occasion::Over { until: gone }));
        }
    }
    due
}

/// A letter has left.
pub fn sent(standings: &mut Standings, letter: &Letter, now: Timestamp) {
    let word = letter.alarm.word();
    if matches!(letter.occasion, Occasion::Over { .. }) {
        standings.remove(word);
    } else if let Some(standing) = standings.get_mut(word) {
        standing.told_at = Some(now);
        standing.letters += 1;
    }
}

impl Finding {
    const fn new(alarm: Alarm, why: String) -> Self {
        Self { alarm, why }
    }
}

impl Standing {
    pub const fn begun(now: Timestamp) -> Self {
        Self {
            since: now,
            letters: 0,
            told_at: None,
            gone_since: None,
        }
    }

    const fn letter(&self, alarm: Alarm, occasion: Occasion) -> Letter {
        Letter {
            alarm,
            occasion,
            since: self.since,
            number: self.letters,
        }
    }
}

impl Letter {
    pub const fn first(alarm: Alarm, why: String, now: Timestamp) -> Self {
        Self {
            alarm,
            occasion: Occasion::First { why },
            since: now,
            number: 0,
        }
    }

    /// The letter's own id, the same however often it is tried, and that of the first about the same alarm.
    pub fn ids(&self, domain: &str) -> (String, Option<String>) {
        let id = |number: u32| {
            format!(
                "watch-{}-{}-{number}@{domain}",
                self.alarm.word(),
                self.since.as_second()
            )
        };
        (id(self.number), (self.number > 0).then(|| id(0)))
    }
}

impl Alarm {
    pub const ALL: [Self; 8] = [
        Self::Down,
        Self::Silent,
        Self::SweepLate,
        Self::MailStuck,
        Self::NotReady,
        Self::Crashing,
        Self::DiskLow,
        Self::NoBackup,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Silent => "silent",
            Self::SweepLate => "sweep_late",
            Self::MailStuck => "mail_stuck",
            Self::NotReady => "not_ready",
            Self::Crashing => "crashing",
            Self::DiskLow => "disk_low",
            Self::NoBackup => "no_backup",
        }
    }
}

#[cfg(test)]
mod tests;
