//! What is wrong with the daemon. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::api::readiness::{self, Fault};
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

impl ProbeResult {
    pub const fn is_unreachable(&self) -> bool {
        matches!(self.daemon, Answer::Nobody(_))
    }

    /// The daemon's status, if it answered with one.
    pub fn report(&self) -> Option<&StatusReport> {
        match &self.daemon {
            Answer::Report(report) => Some(report),
            Answer::Nobody(_) | Answer::Silence(_) => None,
        }
    }
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

/// A daemon that has just started may not have completed a sweep yet.
const SETTLING: SignedDuration = SignedDuration::from_mins(15);
const LATE: SignedDuration = SignedDuration::from_hours(1);

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
    let is_settled = now > report.started_at + SETTLING;
    let is_excused = |fault: &Fault| {
        let is_first = *fault == Fault::NoSweep;
        (is_first && !is_settled)
            || (failing_app && (is_first || matches!(fault, Fault::SweepLate { .. })))
    };
    let sweep = readiness::sweep_fault(&report.sweep, LATE, now).filter(|fault| !is_excused(fault));
    let mail = &report.mail;
    let email = readiness::email_fault(mail.oldest_queued_at, mail.last_error.as_deref(), now);
    let faults = [sweep, email];
    let mut found: Vec<Problem> = faults
        .into_iter()
        .flatten()
        .map(|fault| Problem::of(&fault))
        .collect();
    if !report.ready && is_settled && found.is_empty() && !failing_app {
        let problems: Vec<String> = report
            .problems
            .iter()
            .map(|problem| sentence(problem))
            .collect();
        found.push(Problem::new(Alarm::NotReady, problems.join(" ")));
    }
    found.extend(
        readiness::maintenance_faults(&report.maintenance).map(|fault| Problem::of(&fault)),
    );
    found
}

/// What is wrong with the Graph versions of apps, which stops nothing yet.
pub fn version_warnings(report: &StatusReport) -> Vec<String> {
    let apps = report.apps.iter();
    let problems = apps.flat_map(|app| &app.version_problems);
    problems.map(|problem| sentence(problem)).collect()
}

/// The status writes its problems without capital and full stop.
fn sentence(problem: &str) -> String {
    let mut rest = problem.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    let end = if problem.ends_with('?') { "" } else { "." };
    first.collect::<String>() + rest.as_str() + end
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

impl Problem {
    fn of(fault: &Fault) -> Self {
        let alarm = match fault {
            Fault::SweepInFuture { .. } | Fault::SweepLate { .. } | Fault::NoSweep => {
                Alarm::SweepLate
            }
            Fault::EmailStuck { .. } => Alarm::MailStuck,
            Fault::Crashing(_) => Alarm::Crashing,
            Fault::BackupFailed { .. } => Alarm::NoBackup,
            Fault::Overdue(_) => Alarm::NotReady,
        };
        Self::new(alarm, sentence(&fault.to_string()))
    }

    pub(super) const fn new(alarm: Alarm, why: String) -> Self {
        Self { alarm, why }
    }
}
