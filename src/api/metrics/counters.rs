//! What happened since the daemon started. The inventory counts what it records; a restart begins at zero, which
//! monitoring systems expect of counters.

use std::collections::BTreeMap;

use super::family::{Family, Labels};
use crate::api::types::AppReport;
use crate::inventory::Work;
use crate::model::{EmailResult, Outcome, Recorded};

/// Counters of configured apps are shown from zero on, so that the first increase is seen.
pub(super) fn all(recorded: &Recorded, apps: &[AppReport]) -> Vec<Family> {
    let of_app = |counts: &BTreeMap<String, u64>| -> Vec<(Labels, u64)> {
        let sample = |app: &AppReport| {
            let count = counts.get(&app.name).copied().unwrap_or_default();
            (vec![("app", app.name.clone())], count)
        };
        apps.iter().map(sample).collect()
    };
    vec![
        Family::counters(
            "checks",
            "Checks of tokens since the daemon started",
            of_app(&recorded.checks),
        ),
        Family::counters(
            "calls",
            "Calls to Meta since the daemon started, as Meta counts them",
            of_app(&recorded.calls),
        ),
        Family::counters(
            "renewals",
            "Attempts to renew a token since the daemon started, by their measured outcome",
            renewals(recorded, apps),
        ),
        Family::counters(
            "emails",
            "Attempts to send an email since the daemon started",
            emails(recorded),
        ),
        Family::counters(
            "deliveries",
            "Attempts to deliver a token since the daemon started, by sink",
            by_name("sink", &recorded.deliveries, |result| result.as_str()),
        ),
        Family::counters(
            "posts",
            "Attempts to send a message to a channel since the daemon started",
            by_name("channel", &recorded.posts, |result| result.as_str()),
        ),
    ]
}

fn renewals(recorded: &Recorded, apps: &[AppReport]) -> Vec<(Labels, u64)> {
    let of_app = |app: &AppReport| {
        let app = app.name.clone();
        Outcome::ALL
            .iter()
            .map(move |outcome| (app.clone(), *outcome))
    };
    let sample = |key: (String, Outcome)| {
        let count = recorded.renewals.get(&key).copied().unwrap_or_default();
        let (app, outcome) = key;
        let labels = vec![("app", app), ("outcome", outcome.as_str().to_owned())];
        (labels, count)
    };
    apps.iter().flat_map(of_app).map(sample).collect()
}

fn emails(recorded: &Recorded) -> Vec<(Labels, u64)> {
    let sample = |result: &EmailResult| {
        let count = recorded.emails.get(result).copied().unwrap_or_default();
        (vec![("result", result.as_str().to_owned())], count)
    };
    EmailResult::ALL.iter().map(sample).collect()
}

/// Counts by a name from the configuration, which shows up with its first attempt.
fn by_name<R: Copy>(
    label: &'static str,
    counts: &BTreeMap<(String, R), u64>,
    word: fn(R) -> &'static str,
) -> Vec<(Labels, u64)> {
    let sample = |((name, result), count): (&(String, R), &u64)| {
        let labels = vec![(label, name.clone()), ("result", word(*result).to_owned())];
        (labels, *count)
    };
    counts.iter().map(sample).collect()
}

/// The inventory's own work.
pub(super) fn of_work(work: Work) -> [Family; 3] {
    let one = |name, help, count| Family::counters(name, help, vec![(Labels::new(), count)]);
    [
        one(
            "inventory_statements",
            "Statements that the inventory has run since the daemon started",
            work.statements,
        ),
        one(
            "inventory_rows",
            "Rows that these statements returned or changed",
            work.rows,
        ),
        one(
            "inventory_steps",
            "Steps of the virtual machine of SQLite that these statements took",
            work.steps,
        ),
    ]
}
