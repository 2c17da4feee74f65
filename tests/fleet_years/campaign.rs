//! Many years, some at a time.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::report::{is_good, sentence};
use super::shrink::{day_after, shrink};
use super::year::Result;
use super::{Arguments, Part};

/// Every so manieth year is lived twice, and must have the same events.
pub(super) const TWICE: u64 = 100;
/// When each year begins.
const START: &str = "2026-01-05T06:00:00Z";

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let results = arguments.results.clone().unwrap_or_else(default_results);
    if let Some(folder) = results.parent() {
        fs::create_dir_all(folder)?;
    }
    let known = years_in(&fs::read_to_string(&results).unwrap_or_default());
    let known: HashSet<u64> = known
        .iter()
        .filter_map(|year| year["seed"].as_u64())
        .collect();
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&results)?;
    let file = Mutex::new(file);
    let (next, began) = (AtomicU64::new(0), Instant::now());
    let work = || -> std::result::Result<(), String> {
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            if turn >= arguments.years {
                return Ok(());
            }
            let seed = arguments.seed + turn;
            if known.contains(&seed) {
                continue;
            }
            let year = live_year(arguments, seed).map_err(|error| error.to_string())?;
            let mut file = file.lock().map_err(|error| error.to_string())?;
            writeln!(file, "{year}").map_err(|error| error.to_string())?;
            eprintln!(
                "{} s: seed {seed}: {}",
                began.elapsed().as_secs(),
                words(&year)
            );
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().map_err(|_| "a worker panicked")??;
        }
        Ok::<(), Box<dyn std::error::Error>>(())
    })?;
    let wanted = arguments.seed..arguments.seed + arguments.years;
    let mut years = years_in(&fs::read_to_string(&results)?);
    years.retain(|year| {
        year["seed"]
            .as_u64()
            .is_some_and(|seed| wanted.contains(&seed))
    });
    println!("{}", sentence(&years));
    Ok(match years.iter().all(is_good) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Outside of the checkout.
fn default_results() -> PathBuf {
    std::env::temp_dir().join("fleet-years.jsonl")
}

fn years_in(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn words(year: &Value) -> String {
    match is_good(year) {
        true => format!(
            "{} tokens, {} faults, every rule held",
            year["tokens"], year["faults"]
        ),
        false => format!("BROKEN: {}; {}", year["breaches"], year["reproduce"]),
    }
}

fn live_year(arguments: &Arguments, seed: u64) -> Result<Value> {
    let mut year = live(arguments, seed, &arguments.part)?;
    if seed.is_multiple_of(TWICE) {
        let again = live(arguments, seed, &arguments.part)?;
        year["twice"] = (again["events"] == year["events"]).into();
    }
    let breaches = year["breaches"].as_object().cloned().unwrap_or_default();
    if let Some((rule, breach)) = breaches.into_iter().next() {
        let fails = |part: &Part| Ok(!live(arguments, seed, part)?["breaches"][&rule].is_null());
        let kinds = year["kinds"].as_array().into_iter().flatten();
        let kinds: Vec<String> = kinds
            .filter_map(|kind| kind.as_str().map(str::to_owned))
            .collect();
        let first = breach["first"].as_str().unwrap_or_default();
        let until = day_after(first, START.parse()?);
        let tokens = year["tokens"].as_u64().unwrap_or_default() as usize;
        let least = shrink(&arguments.part, &kinds, tokens, until, fails)?;
        year["reproduce"] = json!(command_of(seed, &least));
    }
    Ok(year)
}

/// In a process of its own. A year that ends with an error breaks a rule, too.
fn live(arguments: &Arguments, seed: u64, part: &Part) -> Result<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--one", "--json"])
        .args(options_of(seed, part));
    if let Some(sabotage) = arguments.sabotage {
        let name = clap::ValueEnum::to_possible_value(&sabotage);
        command
            .arg("--sabotage")
            .args(name.map(|name| name.get_name().to_owned()));
    }
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = || {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        json!({ "seed": seed, "breaches": { "ended": { "times": 1, "first": words } } })
    };
    Ok(serde_json::from_str(said.trim()).unwrap_or_else(|_| failed()))
}

fn options_of(seed: u64, part: &Part) -> Vec<String> {
    let mut options = vec!["--seed".to_owned(), seed.to_string()];
    let tokens = part
        .tokens
        .map(|tokens| ["--tokens".to_owned(), tokens.to_string()]);
    options.extend(tokens.into_iter().flatten());
    let until = part
        .until
        .map(|until| ["--until".to_owned(), until.to_string()]);
    options.extend(until.into_iter().flatten());
    if !part.without.is_empty() {
        options.extend(["--without".to_owned(), part.without.join(",")]);
    }
    options
}

fn command_of(seed: u64, part: &Part) -> String {
    let options = options_of(seed, part).join(" ");
    format!("cargo run --release --example fleet_years -- --one {options}")
}
