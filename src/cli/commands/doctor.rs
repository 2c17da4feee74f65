//! `perennial doctor`: checks from outside that the daemon does its work. systemd also calls this file when it has given
//! up a unit.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::status;
use crate::api::types::{NodeView, StatusReport};
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::{style, text};
use crate::cli::{Answer, Error, Global, Result, Terminal};
use crate::config::{self, Machine, MonitorSettings};
use crate::daemon::clock;
use crate::model::Span;
use crate::monitor::{self, Alarm, Failed, NotifyReport, Problem};

/// Check from outside that the daemon answers and does its work
///
/// Anyone who may use the socket may run it. With --alert it also needs the configuration and the password of the mail
/// server, which root and the daemon's user may read: perennial-check.timer runs it so, as the daemon's user. The exit
/// code is 0 if all is well, 1 if the daemon does not do all of its work, and 3 if it cannot be reached.
///
/// Where several nodes share an inventory, it lists them and warns of those that do not run, of names and versions that
/// do not fit, and of work that no node does. It also warns of Graph versions that end soon. Warnings change neither the
/// exit code nor the emails.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Email the operators if the daemon is down or does not do its work: one email for each cause
    #[arg(long)]
    alert: bool,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
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

/// What the look from outside found, and who was emailed about it.
struct Examination {
    problems: Vec<Problem>,
    nodes: Vec<NodeView>,
    /// About the nodes. Each says what to do.
    warnings: Vec<String>,
    notified: Option<NotifyReport>,
}

pub(crate) async fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let settings = options.alert.then(|| monitor_settings(global));
    let settings = settings.transpose()?;
    let inventory = match &settings {
        Some(settings) => settings.inventory.clone(),
        None => inventory(global, terminal),
    };
    let facts = monitor::collect(inventory.as_deref(), &global.client()?, options.limit()).await;
    let now = clock::now();
    let problems = monitor::detected_problems(&facts, now);
    let notified = match &settings {
        Some(settings) => Some(monitor::notify(settings, &problems, now).await),
        None => None,
    };
    let report = facts.report();
    let examination = Examination {
        problems,
        nodes: report
            .map(|report| report.nodes.clone())
            .unwrap_or_default(),
        warnings: report.map(warnings).unwrap_or_default(),
        notified,
    };
    if options.json {
        terminal.print_json(&examination.json())?;
    } else {
        examination.print(terminal, now)?;
    }
    examination.answer()
}

fn warnings(report: &StatusReport) -> Vec<String> {
    let mut warnings = monitor::node_warnings(report);
    warnings.extend(monitor::version_warnings(report));
    warnings
}

/// Where the inventory is, if the user may read the configuration. The socket says the rest.
fn inventory(global: &Global, terminal: &mut Terminal) -> Option<PathBuf> {
    match config::stores(global.config()) {
        Ok(stores) => stores.inventory,
        Err(problems) => {
            terminal.warn(&format!(
                "Not checked: the free space on the inventory's disk, because its path is not known.\n{problems}"
            ));
            None
        }
    }
}

impl Examination {
    fn json(&self) -> Value {
        let problems = self.problems.iter();
        let problem = |it: &Problem| json!({"alarm": it.alarm.as_str(), "why": it.why});
        let emails = self.notified.as_ref();
        json!({
            "problems": problems.map(problem).collect::<Vec<_>>(),
            "nodes": self.nodes,
            "warnings": self.warnings,
            "emails": emails.map(|emails| json!({"sent": emails.sent, "failed": emails.faults})),
        })
    }

    fn print(&self, terminal: &mut Terminal, now: Timestamp) -> Result<()> {
        for problem in &self.problems {
            terminal.print(&problem.why)?;
        }
        if self.problems.is_empty() {
            terminal.print("The daemon does its work.")?;
        }
        let nodes = self.nodes(now, &terminal.format);
        terminal.print(&nodes)?;
        for subject in self.notified.iter().flat_map(|emails| &emails.sent) {
            terminal.print(&format!("Sent: {subject}"))?;
        }
        Ok(())
    }

    /// A daemon that has the inventory to itself needs no list.
    fn nodes(&self, now: Timestamp, format: &TerminalFormat) -> String {
        let mut page = String::new();
        if self.nodes.len() > 1 {
            page = format!("\n{}", status::nodes(&self.nodes, now, format));
        }
        for warning in &self.warnings {
            let warning = style::paint(&text::plain(warning), style::WARNING);
            page.push_str(&format!("\n{warning}\n"));
        }
        page
    }

    fn answer(&self) -> Result {
        if let Some(notified) = &self.notified {
            all_sent(notified)?;
        }
        match self.problems.as_slice() {
            [] => Ok(Answer::Yes),
            [first, ..] if first.alarm == Alarm::Down => Err(Error::Unreachable(
                "See why: systemctl status perennial".to_owned(),
            )),
            _ => Ok(Answer::No),
        }
    }
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
    for subject in &notified.sent {
        terminal.print(&format!("Sent: {subject}"))?;
    }
    all_sent(&notified).map(|()| Answer::Yes)
}

/// People who cannot be notified by email can read the machine's journal.
fn monitor_settings(global: &Global) -> Result<MonitorSettings> {
    config::monitor_settings(global.config(), &Machine::of_the_service()).map_err(|problems| {
        Error::Refused(format!(
            "Cannot notify anyone:\n{problems}\nSee what is right: perennial check-config"
        ))
    })
}

fn all_sent(notified: &NotifyReport) -> Result<()> {
    if notified.faults.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{}\nSee whether mail works: perennial mail-test",
        notified.faults.join("\n")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::output::tests::pipe;

    fn shown(names: &[&str], warnings: &[&str]) -> String {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let node = |name: &&str| NodeView {
            name: (*name).to_owned(),
            version: "0.1.0".to_owned(),
            seen_at: now,
            duties: vec!["email".to_owned()],
        };
        let examination = Examination {
            problems: Vec::new(),
            nodes: names.iter().map(node).collect(),
            warnings: warnings.iter().map(|it| (*it).to_owned()).collect(),
            notified: None,
        };
        let page = examination.nodes(now, &pipe());
        anstream::adapter::strip_str(&page).to_string()
    }

    #[test]
    fn nodes_are_listed_where_there_are_several_and_warnings_always() {
        assert_eq!(shown(&["lima"], &[]), "");
        assert_eq!(shown(&["lima"], &["Look."]).trim(), "Look.");
        let several = shown(&["lima", "oslo"], &["Look."]);
        for part in ["lima", "oslo", "email", "Look."] {
            assert!(several.contains(part), "{several}");
        }
    }
}
