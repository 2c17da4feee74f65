//! `perennial doctor`: looks at everything that Perennial needs. systemd also calls this folder when it has given up a
//! unit.

mod alert;
mod page;

use std::time::Duration;

use clap::Args;

use crate::cli::{Answer, Error, Global, Result, Terminal};
use crate::daemon::clock;
use crate::doctor::{self, Known, Outcome, Reach, Subject};
use crate::model::Span;
use crate::monitor;
pub(crate) use alert::report_unit_failure;

/// Check everything that Perennial needs, and say what to do
///
/// One line for each check: this machine (configuration, credentials, clock, disk), the inventory (its key, the newest
/// backup), the daemon, Meta (one call for each app), the public address, the mail server (no email is sent), and the
/// programs that use tokens. It changes nothing, ends within 15 seconds, and works without the daemon. Anyone who may use
/// the socket may run it; with sudo it sees more, and otherwise it says what it did not check.
///
/// The exit code is 0 if there is no problem, 1 if there is one, and 3 if the daemon cannot be reached. Warnings, and
/// checks that could not be made, do not change it.
///
/// With --alert it checks only the daemon and its disk, and emails the operators. It also needs the configuration and the
/// password of the mail server then, which root and the daemon's user may read: perennial-check.timer runs it so, as the
/// daemon's user.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Email the operators if the daemon is down or does not do its work: one email for each cause
    #[arg(long)]
    alert: bool,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
    /// Check only this machine: do not call Meta, the mail server and the public address
    #[arg(long, conflicts_with = "alert")]
    local: bool,
    /// With --alert: how long to wait for a daemon that is starting
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
}

impl Options {
    const fn reach(&self) -> Reach {
        match self.local {
            true => Reach::Local,
            false => Reach::Everywhere,
        }
    }
}

pub(crate) async fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    if options.alert {
        return alert::run(options, global, terminal).await;
    }
    let client = global.client()?;
    let known = Known::of(global.config());
    let daemon = monitor::collect(known.inventory(), &client, Duration::ZERO).await;
    let findings = doctor::examine(&Subject {
        known: &known,
        daemon: &daemon,
        client: &client,
        reach: options.reach(),
        now: clock::now(),
    })
    .await;
    match options.json {
        true => terminal.print_json(&page::json(&findings, daemon.report()))?,
        false => page::print(&findings, daemon.report(), terminal)?,
    }
    if daemon.is_unreachable() {
        let text = "The daemon cannot be reached. See why: systemctl status perennial";
        return Err(Error::Unreachable(text.to_owned()));
    }
    let has_problem = findings.iter().any(|it| it.outcome == Outcome::Problem);
    Ok(if has_problem { Answer::No } else { Answer::Yes })
}
