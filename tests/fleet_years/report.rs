//! One line for each year in the file, and what they come to.

use std::collections::BTreeMap;
use std::process::Command;

use perennial::model::number::grouped;
use serde_json::{Map, Value, json};

use super::year::{Counts, RULES};

/// What one year came to.
pub(super) fn line(counts: &Counts) -> Value {
    let breaches = counts.breaches.iter();
    let breaches: Map<String, Value> = breaches
        .map(|(rule, count, first)| {
            (
                rule.name().to_owned(),
                json!({ "times": count, "first": first }),
            )
        })
        .collect();
    json!({
        "tokens": counts.tokens,
        "calls": counts.calls,
        "steps": counts.steps,
        "faults": counts.faults,
        "kinds": counts.kinds,
        "deaths": counts.deaths,
        "incidents": counts.incidents,
        "emails": counts.emails,
        "events": counts.log,
        "breaches": breaches,
    })
}

/// Of the checkout, with a plus if it has changes that are in no commit.
pub(super) fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_default();
    let is_changed =
        git(&["status", "--porcelain", "-uno"]).is_some_and(|changes| !changes.is_empty());
    commit + if is_changed { "+" } else { "" }
}

pub(super) fn is_good(year: &Value) -> bool {
    let breaches = year["breaches"].as_object();
    breaches.is_some_and(Map::is_empty) && year["twice"] != false
}

/// One sentence on all these years, for the page.
pub(super) fn sentence(years: &[Value]) -> String {
    let seed = |year: Option<&Value>| year.and_then(|year| year["seed"].as_u64()).unwrap_or(0);
    let sum = |field: &str| -> u64 { years.iter().filter_map(|year| year[field].as_u64()).sum() };
    let broken = years.iter().filter(|year| !is_good(year)).count();
    let twice = years.iter().filter(|year| year["twice"] == true).count();
    format!(
        "{} fleet-years, seeds {} to {}, {} tokens, {} faults: {broken} broke one of {} rules; {twice} ran twice with equal \
         events; {}",
        grouped(years.len() as u64),
        seed(years.first()),
        seed(years.last()),
        grouped(sum("tokens")),
        grouped(sum("faults")),
        RULES.len(),
        on_which_commits(years),
    )
}

/// `commit 71eb1d8c0f3a`, or each with its number of years, in the order of their seeds.
fn on_which_commits(years: &[Value]) -> String {
    let mut commits: Vec<&str> = Vec::new();
    let mut numbers: BTreeMap<&str, u64> = BTreeMap::new();
    for year in years {
        let commit = year["commit"].as_str().unwrap_or("unknown");
        if !commits.contains(&commit) {
            commits.push(commit);
        }
        *numbers.entry(commit).or_default() += 1;
    }
    let each = |commit: &&str| format!("{} on {commit}", grouped(numbers[commit]));
    match commits[..] {
        [commit] => format!("commit {commit}"),
        _ => commits.iter().map(each).collect::<Vec<_>>().join(", "),
    }
}
