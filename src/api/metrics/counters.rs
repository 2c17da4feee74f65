//! What happened since the daemon started. The inventory counts what it records; a restart begins at zero, which
//! monitoring systems expect of counters.

use std::collections::BTreeMap;

use super::catalog;
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
        Family::counters(catalog::CHECKS, of_app(&recorded.checks)),
        Family::counters(catalog::CALLS, of_app(&recorded.calls)),
        Family::counters(catalog::RENEWALS, renewals(recorded, apps)),
        Family::counters(catalog::EMAILS, emails(recorded)),
        Family::counters(
            catalog::DELIVERIES,
            by_name("sink", &recorded.deliveries, |result| result.as_str()),
        ),
        Family::counters(
            catalog::POSTS,
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
    let one = |metric, count| Family::counters(metric, vec![(Labels::new(), count)]);
    [
        one(catalog::INVENTORY_STATEMENTS, work.statements),
        one(catalog::INVENTORY_ROWS, work.rows),
        one(catalog::INVENTORY_STEPS, work.steps),
    ]
}
