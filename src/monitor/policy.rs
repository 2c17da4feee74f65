//! What is wrong with the daemon, and which emails are due now. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::api::types::StatusReport;

/// What the monitor found out about the daemon and the disk.
#[derive(Clone, Debug)]
pub struct ProbeResult {
    pub daemon: Answer,
    /// Free bytes on the disk of the inventory; `None` if the user may not read it.
    pub free: Option<u64>,
    /// Size of the inventory in bytes.
    pub size: u64,
    /// Whether an open incident is about a whole app: then the operators already know why no sweep runs.
    pub failing_app: bool,
}

/// The daemon's answer.
#[derive(Clone, Debug)]
pub enum Answer {
    Report(Box<StatusReport>),
    /// The daemon cannot be reached; the text says why.
    Nobody(String),
    /// The daemon is reachable, but its answer is not a status.
    Silence(String),
}

/// A cause for emails. Its name is stored and must not change.
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
pub struct Problem {
    pub alarm: Alarm,
    /// Whole sentences.
    pub why: String,
}

/// The state of an alarm between two runs of the monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmState {
    pub since: Timestamp,
    /// How many emails were sent.
    pub emails: u32,
    pub notified_at: Option<Timestamp>,
    /// Since when the problem has no longer been found.
    pub gone_since: Option<Timestamp>,
}

pub type AlarmStates = BTreeMap<String, AlarmState>;

/// An email that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorEmail {
    pub alarm: Alarm,
    pub email_reason: EmailReason,
    /// When the problem was first found.
    pub since: Timestamp,
    /// The number of this email among those about the alarm, from 0.
    number: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailReason {
    First { why: String },
    Reminder { why: String },
    Over { until: Timestamp },
}

/// A daemon that has just started may not have completed a sweep yet.
const SETTLING: SignedDuration = SignedDuration::from_mins(15);
const LATE: SignedDuration = SignedDuration::from_hours(1);
const STUCK: SignedDuration = SignedDuration::from_hours(1);
const REMIND: SignedDuration = SignedDuration::from_hours(24);
/// A problem that returns within this time continues the same alarm.
const QUIET: SignedDuration = SignedDuration::from_mins(25);
const CRASHES: u32 = 3;
/// The least free space in bytes. A copy of the inventory may need more.
const LEAST_FREE: u64 = 64 << 20;

/// Returns everything that is wrong, the worst first.
pub fn detected_problems(facts: &ProbeResult, now: Timestamp) -> Vec<Problem> {
    let mut found = match &facts.daemon {
        Answer::Nobody(why) => vec![Problem::new(Alarm::Down, why.clone())],
        Answer::Silence(why) => vec![Problem::new(Alarm::Silent, why.clone())],
        Answer::Report(report) => of_report(report, facts.failing_app, now),
    };
    let needed = facts.size.max(LEAST_FREE);
    if let Some(free) = facts.free.filter(|free| *free < needed) {
        let (free, needed) = (free >> 20, needed >> 20);
        let email_text =
            format!("The disk of the inventory has {free} MiB free and needs {needed} MiB.");
        found.push(Problem::new(Alarm::DiskLow, email_text));
    }
    found
}

fn of_report(report: &StatusReport, failing_app: bool, now: Timestamp) -> Vec<Problem> {
    let mut found = Vec::new();
    let last = report.sweep.last_finished_at.unwrap_or(report.started_at);
    if last > now + LATE {
        let email_text = format!(
            "The last full sweep appears to have ended on {}, which is in the future. The clock may have been wrong.",
            utc(last)
        );
        found.push(Problem::new(Alarm::SweepLate, email_text));
    }
    let expected = report.sweep.next_at.unwrap_or(last).max(last);
    if now > expected + LATE && !failing_app {
        found.push(Problem::new(
            Alarm::SweepLate,
            format!("The last full sweep ended on {}.", utc(last)),
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
            .unwrap_or("the reason is unknown");
        let email_text = format!("Emails have been waiting since {}: {reason}.", utc(oldest));
        found.push(Problem::new(Alarm::MailStuck, email_text));
    }
    let cleared = now > report.started_at + SETTLING;
    if !report.ready && cleared && found.is_empty() && !failing_app {
        found.push(Problem::new(Alarm::NotReady, sentences(&report.problems)));
    }
    let crashes = report.maintenance.crashes_last_hour;
    if crashes >= CRASHES {
        let email_text = format!("It crashed {crashes} times within the last hour.");
        found.push(Problem::new(Alarm::Crashing, email_text));
    }
    if let Some(reason) = &report.maintenance.backup_error {
        let newest = report.maintenance.backed_up_at;
        let newest = newest.map_or("There is no copy of the inventory".to_owned(), |at| {
            format!("The newest copy was made on {}", utc(at))
        });
        found.push(Problem::new(
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

/// Every time in an email carries its zone.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Returns the emails that are due. Updates the alarm states, but marks no email as sent.
pub fn emails(
    alarm_states: &mut AlarmStates,
    detected_problems: &[Problem],
    now: Timestamp,
) -> Vec<MonitorEmail> {
    let mut due = Vec::new();
    for Problem { alarm, why } in detected_problems {
        let alarm_state = alarm_states
            .entry(alarm.as_str().to_owned())
            .or_insert_with(|| AlarmState::begun(now));
        alarm_state.gone_since = None;
        let why = why.clone();
        let email_reason = match alarm_state.notified_at {
            None => EmailReason::First { why },
            Some(notified) if now >= notified + REMIND => EmailReason::Reminder { why },
            Some(_) => continue,
        };
        due.push(alarm_state.email(*alarm, email_reason));
    }
    for alarm in Alarm::ALL {
        let is_found = detected_problems
            .iter()
            .any(|problem| problem.alarm == alarm);
        let Some(alarm_state) = alarm_states.get_mut(alarm.as_str()).filter(|_| !is_found) else {
            continue;
        };
        let gone = *alarm_state.gone_since.get_or_insert(now);
        if alarm_state.notified_at.is_none() {
            // No email was sent about it.
            alarm_states.remove(alarm.as_str());
        } else if now >= gone + QUIET {
            due.push(alarm_state.email(alarm, EmailReason::Over { until: gone }));
        }
    }
    due
}

/// Records that an email was sent.
pub fn sent(alarm_states: &mut AlarmStates, email: &MonitorEmail, now: Timestamp) {
    let word = email.alarm.as_str();
    if matches!(email.email_reason, EmailReason::Over { .. }) {
        alarm_states.remove(word);
    } else if let Some(alarm_state) = alarm_states.get_mut(word) {
        alarm_state.notified_at = Some(now);
        alarm_state.emails += 1;
    }
}

impl Problem {
    const fn new(alarm: Alarm, why: String) -> Self {
        Self { alarm, why }
    }
}

impl AlarmState {
    pub const fn begun(now: Timestamp) -> Self {
        Self {
            since: now,
            emails: 0,
            notified_at: None,
            gone_since: None,
        }
    }

    const fn email(&self, alarm: Alarm, email_reason: EmailReason) -> MonitorEmail {
        MonitorEmail {
            alarm,
            email_reason,
            since: self.since,
            number: self.emails,
        }
    }
}

impl MonitorEmail {
    pub const fn first(alarm: Alarm, why: String, now: Timestamp) -> Self {
        Self {
            alarm,
            email_reason: EmailReason::First { why },
            since: now,
            number: 0,
        }
    }

    /// Returns the email's own id, which is the same for each attempt to send it, and the id of the first email about
    /// the same alarm.
    pub fn ids(&self, domain: &str) -> (String, Option<String>) {
        let id = |number: u32| {
            format!(
                "watch-{}-{}-{number}@{domain}",
                self.alarm.as_str(),
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

    pub const fn as_str(self) -> &'static str {
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
