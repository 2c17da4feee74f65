//! A unit that systemd no longer restarts, as systemd describes it to its `OnFailure` unit.

use std::path::Path;

use crate::config::{self, Machine};

/// The values of systemd's MONITOR_ variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    pub unit: String,
    /// Such as `exit-code`, `signal`, `watchdog`, `oom-kill`.
    pub result: String,
    pub status: String,
    pub invocation: String,
    /// The errors in the configuration, if those are the reason.
    pub problems: Vec<String>,
}

/// The most errors that one email lists; a longer list is unreadable on a phone.
const SHOWN: usize = 12;

impl Failed {
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let stated = |name: &str| variable(name).unwrap_or_default();
        Some(Self {
            unit: variable("MONITOR_UNIT").filter(|unit| !unit.is_empty())?,
            result: stated("MONITOR_SERVICE_RESULT"),
            status: stated("MONITOR_EXIT_STATUS"),
            invocation: stated("MONITOR_INVOCATION_ID"),
            problems: Vec::new(),
        })
    }

    /// Adds the errors that `check-config` reports, if the daemon ended because of them.
    #[must_use]
    pub fn with_problems_of(mut self, config: &Path, machine: &Machine) -> Self {
        if self.status == "78"
            && let Err(problems) = config::check(config, machine)
        {
            self.problems = problems.0.iter().map(ToString::to_string).collect();
        }
        self
    }

    pub(super) fn describe(&self) -> String {
        let unit = &self.unit;
        let mut email_text = format!("systemd has stopped restarting {unit}. {}", self.meaning());
        for problem in self.problems.iter().take(SHOWN) {
            email_text.push_str(&format!("\n\n    {problem}"));
        }
        if self.problems.len() > SHOWN {
            email_text.push_str(&format!("\n\n    and {} more", self.problems.len() - SHOWN));
        }
        if !self.invocation.is_empty() {
            let invocation = &self.invocation;
            email_text.push_str(&format!(
                "\n\nTo see its last log lines, run: journalctl _SYSTEMD_INVOCATION_ID={invocation}"
            ));
        }
        email_text
    }

    fn meaning(&self) -> String {
        match (self.result.as_str(), self.status.as_str()) {
            (_, "78") if self.problems.is_empty() => {
                "It does not start (exit status 78), because something is wrong with the inventory or its key. The last log \
                 lines say what, and what to do."
                    .to_owned()
            }
            (_, "78") => "It does not start (exit status 78), because the configuration has errors:".to_owned(),
            (_, "243") => {
                "It does not start (exit status 243), because systemd cannot read the secrets that the unit names. To see \
                 which files exist, run: ls -l /etc/perennial/credentials. To add missing ones, run: perennial setup"
                    .to_owned()
            }
            ("watchdog", _) => "It stopped responding, and the watchdog ended it.".to_owned(),
            ("oom-kill", _) => "It ran out of memory, either of the machine or of the unit's MemoryMax.".to_owned(),
            ("timeout", _) => "It took too long to start or stop.".to_owned(),
            ("signal" | "core-dump", signal) => format!("It was ended by signal {signal}."),
            (result, status) => format!("It ended with result {result}, status {status}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(set: &[(&str, &str)]) -> Option<Failed> {
        Failed::of_environment(|name| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn systemd_s_results_are_described() {
        assert_eq!(failed(&[]), None);
        let unit = ("MONITOR_UNIT", "perennial.service");
        for (result, status, expected) in [
            ("exit-code", "78", "exit status 78"),
            ("exit-code", "243", "ls -l /etc/perennial/credentials"),
            ("watchdog", "ABRT", "the watchdog ended it"),
            ("signal", "KILL", "ended by signal KILL"),
            ("exit-code", "1", "result exit-code, status 1"),
        ] {
            let set = [
                unit,
                ("MONITOR_SERVICE_RESULT", result),
                ("MONITOR_EXIT_STATUS", status),
            ];
            let email_text = failed(&set).unwrap().describe();
            assert!(
                email_text.starts_with("systemd has stopped restarting perennial.service."),
                "{email_text}"
            );
            assert!(email_text.contains(expected), "{email_text}");
        }
    }
}
