//! One line for each year in the file, and what they come to.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::year::{Counts, RULES};

/// What one year came to.
pub(super) fn line(seed: u64, counts: &Counts) -> Value {
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
        "seed": seed,
        "commit": commit(),
        "tokens": counts.tokens,
        "calls": counts.calls,
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
fn commit() -> String {
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
    let seeds: BTreeSet<u64> = years
        .iter()
        .filter_map(|year| year["seed"].as_u64())
        .collect();
    let (first, last) = (seeds.first().copied(), seeds.last().copied());
    let sum = |field: &str| -> u64 { years.iter().filter_map(|year| year[field].as_u64()).sum() };
    let broken = years.iter().filter(|year| !is_good(year)).count();
    let twice = years.iter().filter(|year| year["twice"] == true).count();
    let rules = RULES.len();
    format!(
        "{} fleet-years, seeds {} to {}, {} tokens, {} faults: {broken} broke one of {rules} rules; {twice} ran twice \
         with equal events",
        grouped(years.len() as u64),
        first.unwrap_or(0),
        last.unwrap_or(0),
        grouped(sum("tokens")),
        grouped(sum("faults")),
    )
}

/// With a comma after each third digit.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
