//! `perennial doctor`: checks from outside that the daemon does its work. systemd also calls this file when it has given
//! up a unit.

use std::time::Duration;

use clap::Args;

use crate::cli::{Answer, Error, Global, Result, Terminal};
use crate::config::{self, Machine, MonitorSettings};
use crate::daemon::clock;
use crate::model::Span;
use crate::monitor::{self, Alarm, Failed, NotifyReport, Problem};

/// Check from outside that the daemon answers and does its work
///
/// perennial-check.timer does the same every few minutes.
/// The exit code is 0 if all is well, 1 if the daemon does not do all of its work, and 3 if it cannot be reached.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Email the operators if the daemon is down or does not do its work: one email for each cause
    #[arg(long)]
    alert: bool,
    /// With --alert: how long to wait for a daemon that is starting
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
}

/// A restart takes less time, and the timer's service needs time left to send its emails.
const LONGEST: Duration = Duration::from_secs(30);

impl Options {
    /// Without `--alert` a person is waiting, who wants the present state immediately.
    fn limit(&self) -> Duration {
        match self.alert {
            true => self.timeout.duration().unsigned_abs().min(LONGEST),
            false => Duration::ZERO,
        }
    }
}

pub(crate) async fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let monitor_settings = monitor_settings(global)?;
    let client = global.client()?;
    let facts = monitor::collect(&monitor_settings, &client, options.limit()).await;
    let now = clock::now();
    let found = monitor::detected_problems(&facts, now);
    for problem in &found {
        terminal.print(&problem.why)?;
    }
    if found.is_empty() {
        terminal.print("The daemon does its work.")?;
    }
    if options.alert {
        report(
            &monitor::notify(&monitor_settings, &found, now).await,
            terminal,
        )?;
    }
    answer(&found)
}

pub(crate) async fn report_unit_failure(global: &Global, terminal: &mut Terminal) -> Result {
    let Some(failed) = Failed::of_environment(|name| std::env::var(name).ok()) else {
        let email_text = "This is for systemd, which names the failed unit in MONITOR_UNIT. To check by hand: \
                          perennial doctor";
        return Err(Error::Usage(email_text.to_owned()));
    };
    let failed = failed.with_problems_of(global.config(), &Machine::here());
    let monitor_settings = monitor_settings(global)?;
    let notified = monitor::report_unit_failure(&monitor_settings, &failed, clock::now()).await;
    report(&notified, terminal)
}

/// People who cannot be notified by email can read the machine's journal.
fn monitor_settings(global: &Global) -> Result<MonitorSettings> {
    config::monitor_settings(global.config(), &Machine::of_the_service()).map_err(|problems| {
        Error::Refused(format!(
            "Cannot notify anyone:\n{problems}\nSee what is right: perennial check-config"
        ))
    })
}

fn report(notified: &NotifyReport, terminal: &mut Terminal) -> Result {
    for subject in &notified.sent {
        terminal.print(&format!("Sent: {subject}"))?;
    }
    if notified.faults.is_empty() {
        return Ok(Answer::Yes);
    }
    Err(Error::Refused(format!(
        "{}\nSee whether mail works: perennial mail-test",
        notified.faults.join("\n")
    )))
}

fn answer(found: &[Problem]) -> Result {
    match found {
        [] => Ok(Answer::Yes),
        [first, ..] if first.alarm == Alarm::Down => Err(Error::Unreachable(
            "See why: systemctl status perennial".to_owned(),
        )),
        _ => Ok(Answer::No),
    }
}
