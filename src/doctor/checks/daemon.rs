//! The daemon, its nodes, and what people must do about tokens.

use crate::api::types::StatusReport;
use crate::doctor::{Check, Finding, Subject};
use crate::monitor::{Alarm, Problem, detected_problems, node_warnings};

pub(in crate::doctor) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let problems = detected_problems(subject.daemon, subject.now);
    // The others have checks of their own.
    let problems = problems.into_iter();
    let problems = problems.filter(|it| !matches!(it.alarm, Alarm::DiskLow | Alarm::NoBackup));
    let problem = |it: Problem| Finding::problem(Check::Daemon, it.why, to_do(it.alarm));
    let mut found: Vec<Finding> = problems.map(problem).collect();
    let Some(report) = subject.daemon.report() else {
        let why = "the daemon does not say";
        let unknown = [Check::Nodes, Check::Incidents];
        found.extend(unknown.map(|check| Finding::not_checked(check, why)));
        return found;
    };
    if found.is_empty() {
        let says = format!(
            "The daemon does its work. It runs version {}",
            report.version
        );
        found.push(Finding::good(Check::Daemon, says));
    }
    found.extend(nodes(report));
    found.push(incidents(report));
    found
}

const fn to_do(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Down => {
            "Start it: sudo systemctl start perennial. If it does not stay: journalctl -u perennial -n 50"
        }
        Alarm::Silent => "Restart it: sudo systemctl restart perennial",
        Alarm::MailStuck => "See the line about email below; perennial status has more",
        Alarm::SweepLate | Alarm::NotReady | Alarm::Crashing | Alarm::DiskLow | Alarm::NoBackup => {
            "See why: perennial status; journalctl -u perennial -n 50"
        }
    }
}

fn nodes(report: &StatusReport) -> Vec<Finding> {
    let warnings = node_warnings(report);
    if warnings.is_empty() {
        let running = match report.nodes.len() {
            0 | 1 => "this one does all of the work".to_owned(),
            many => format!("{many} share the work"),
        };
        return vec![Finding::good(Check::Nodes, running)];
    }
    let warning =
        |says| Finding::warning(Check::Nodes, says, "See who does what: perennial status");
    warnings.into_iter().map(warning).collect()
}

fn incidents(report: &StatusReport) -> Finding {
    let counts = &report.incidents;
    match counts.open {
        0 => Finding::good(Check::Incidents, "nobody has to do anything about a token"),
        open => Finding::warning(
            Check::Incidents,
            format!(
                "{open} open, {} of them not acknowledged",
                counts.unacknowledged
            ),
            "See who must do what: perennial incidents",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn report() -> StatusReport {
        let report = include_str!("../../cli/tests/status.json");
        let mut report: StatusReport = serde_json::from_str(report).unwrap();
        report.nodes.clear();
        report
    }

    #[test]
    fn open_incidents_and_lost_nodes_are_warnings() {
        let mut report = report();
        report.incidents.open = 0;
        assert_eq!(incidents(&report).outcome, Outcome::Good);
        report.incidents.open = 2;
        assert_eq!(incidents(&report).outcome, Outcome::Warning);
        assert_eq!(nodes(&report)[0].outcome, Outcome::Good);
    }
}
