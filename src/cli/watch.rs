//! `perennial check` without names: does the daemon do its work? And what systemd calls when it has given a unit up.

use std::time::Duration;

use clap::Args;

use super::{Answer, Failure, Global, Screen};
use crate::config::{self, Machine, Outlook};
use crate::daemon::clock;
use crate::status::snapshot::Span;
use crate::watch::{self, Alarm, Failed, Finding, Told};

/// How to look at the daemon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) patience: Span,
    pub(super) alert: bool,
}

/// A restart takes less, and the timer's service must have time left to send its letters.
const LONGEST: Duration = Duration::from_secs(30);

impl Look {
    /// A person who looks wants to know how it is now.
    fn patience(self) -> Duration {
        match self.alert {
            true => self.patience.duration().unsigned_abs().min(LONGEST),
            false => Duration::ZERO,
        }
    }
}

/// Write to the operators that systemd has given a unit up; it says which in MONITOR_UNIT and its like
#[derive(Clone, Debug, Args)]
pub struct FailureOptions {}

pub(super) async fn run(
    look: Look,
    global: &Global,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let outlook = outlook(global)?;
    let client = global.client()?;
    let patience = look.patience();
    let facts = watch::gather(&outlook, &client, patience).await;
    let now = clock::now();
    let found = watch::findings(&facts, now);
    for finding in &found {
        screen.say(&finding.why)?;
    }
    if found.is_empty() {
        screen.say("The daemon does its work.")?;
    }
    if look.alert {
        report(&watch::tell(&outlook, &found, now).await, screen)?;
    }
    answer(&found)
}

pub(super) async fn tell_of_failure(
    global: &Global,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let Some(failed) = Failed::of_environment(|name| std::env::var(name).ok()) else {
        let words = "This is for systemd, which says in MONITOR_UNIT what has failed. To look by hand: perennial check";
        return Err(Failure::Usage(words.to_owned()));
    };
    let failed = failed.with_problems_of(global.config(), &Machine::here());
    let outlook = outlook(global)?;
    let told = watch::tell_of_failure(&outlook, &failed, clock::now()).await;
    report(&told, screen)
}

/// Whoever cannot be told by mail is told by the journal of the machine.
fn outlook(global: &Global) -> Result<Outlook, Failure> {
    config::outlook(global.config(), &Machine::of_the_service()).map_err(|problems| {
        Failure::Refused(format!(
            "Nobody can be told anything:\n{problems}\nSee what is right: perennial check-config"
        ))
    })
}

fn report(told: &Told, screen: &mut Screen) -> Result<Answer, Failure> {
    for subject in &told.sent {
        screen.say(&format!("Sent: {subject}"))?;
    }
    if told.faults.is_empty() {
        return Ok(Answer::Yes);
    }
    Err(Failure::Refused(format!(
        "{}\nSee whether mail works: perennial mail-test",
        told.faults.join("\n")
    )))
}

fn answer(found: &[Finding]) -> Result<Answer, Failure> {
    match found {
        [] => Ok(Answer::Yes),
        [first, ..] if first.alarm == Alarm::Down => Err(Failure::Unreachable(
            "See why: systemctl status perennial".to_owned(),
        )),
        _ => Ok(Answer::No),
    }
}
