//! `perennial doctor --alert`: checks from outside that the daemon does its work, and emails the operators. systemd also
//! calls this file when it has given up a unit.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Options;
use crate::api::types::{NodeView, StatusReport};
use crate::cli::commands::status;
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::{style, text};
use crate::cli::{Answer, Error, Global, Result, Terminal};
use crate::config::{self, Machine, MonitorSettings};
use crate::daemon::clock;
use crate::monitor::{self, Alarm, Failed, NotifyReport, Problem};

/// A restart takes less time, and the timer's service needs time left to send its emails.
const LONGEST: Duration = Duration::from_secs(30);

/// What the look from outside found, and who was emailed about it.
struct Examination {
    problems: Vec<Problem>,
    nodes: Vec<NodeView>,
    /// About the nodes. Each says what to do.
    warnings: Vec<String>,
    notified: NotifyReport,
}

pub(super) async fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let settings = monitor_settings(global)?;
    let limit = options.timeout.duration().unsigned_abs().min(LONGEST);
    let facts = monitor::collect(settings.inventory.as_deref(), &global.client()?, limit).await;
    let now = clock::now();
    let problems = monitor::detected_problems(&facts, now);
    let notified = monitor::notify(&settings, &problems, now).await;
    let report = facts.report();
    let examination = Examination {
        problems,
        nodes: report.map_or_else(Vec::new, |report| report.nodes.clone()),
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

impl Examination {
    fn json(&self) -> Value {
        let problems = self.problems.iter();
        let problem = |it: &Problem| json!({"alarm": it.alarm.as_str(), "why": it.why});
        let emails = &self.notified;
        json!({
            "problems": problems.map(problem).collect::<Vec<_>>(),
            "nodes": self.nodes,
            "warnings": self.warnings,
            "emails": {"sent": emails.sent, "failed": emails.faults},
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
        for subject in &self.notified.sent {
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
        all_sent(&self.notified)?;
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
            notified: NotifyReport::default(),
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
