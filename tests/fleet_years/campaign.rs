//! Many years, some at a time.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::shrink::shrink;
use super::year::{Counts, Result};
use super::Arguments;

/// Every so manieth year is lived twice, and must have the same events.
const TWICE: u64 = 100;

/// What one year came to.
pub(super) fn line(seed: u64, counts: &Counts) -> Value {
    json!({
        "seed": seed,
        "good": counts.is_good(),
        "tokens": counts.tokens,
        "calls": counts.checks,
        "faults": counts.faults,
        "drawn": counts.drawn,
        "deaths": counts.deaths,
        "incidents": counts.incidents,
        "emails": counts.emails,
        "log": counts.log,
        "first": counts.first,
        "words": counts.to_string(),
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Some(folder) = arguments.results.parent() {
        fs::create_dir_all(folder)?;
    }
    let known = seeds_in(&fs::read_to_string(&arguments.results).unwrap_or_default());
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&arguments.results)?;
    let (file, next, bad) = (Mutex::new(file), AtomicU64::new(0), AtomicU64::new(0));
    let began = Instant::now();
    std::thread::scope(|scope| {
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
                bad.fetch_add(u64::from(year["good"] != true), Ordering::Relaxed);
                let mut file = file.lock().map_err(|error| error.to_string())?;
                writeln!(file, "{year}").map_err(|error| error.to_string())?;
            }
        };
        let workers: Vec<_> = (0..arguments.jobs).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().map_err(|_| "a worker panicked")??;
        }
        Ok::<(), Box<dyn std::error::Error>>(())
    })?;
    let text = fs::read_to_string(&arguments.results)?;
    report(&text, began);
    Ok(match bad.into_inner() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn seeds_in(text: &str) -> HashSet<u64> {
    let years = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let seed = |year: Value| year["seed"].as_u64();
    years.filter_map(seed).collect()
}

fn live_year(arguments: &Arguments, seed: u64) -> Result<Value> {
    let mut year = live(arguments, seed, &[])?;
    if seed.is_multiple_of(TWICE) {
        let again = live(arguments, seed, &[])?;
        let is_same = again["log"] == year["log"];
        year["twice"] = is_same.into();
        year["good"] = (is_same && year["good"] == true).into();
    }
    if year["good"] != true {
        let drawn = year["drawn"].as_u64().unwrap_or_default() as usize;
        let fails = |without: &[usize]| Ok(live(arguments, seed, without)?["good"] != true);
        let without = shrink(drawn, fails)?;
        year["fails_without"] = json!(without);
        println!("seed {seed} breaks a rule: {}", year["first"]);
    }
    Ok(year)
}

/// In a process of its own. A year that ends with an error is one that is not good.
fn live(arguments: &Arguments, seed: u64, without: &[usize]) -> Result<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--one", "--seed", &seed.to_string()]);
    if let Some(tokens) = arguments.tokens {
        command.args(["--tokens", &tokens.to_string()]);
    }
    if !without.is_empty() {
        let numbers: Vec<String> = without.iter().map(usize::to_string).collect();
        command.args(["--without", &numbers.join(",")]);
    }
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = || {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        json!({ "seed": seed, "good": false, "words": words })
    };
    Ok(serde_json::from_str(said.trim()).unwrap_or_else(|_| failed()))
}

fn report(text: &str, began: Instant) {
    let years: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let sum = |field: &str| -> u64 { years.iter().filter_map(|year| year[field].as_u64()).sum() };
    let good = years.iter().filter(|year| year["good"] == true).count();
    let twice = years.iter().filter(|year| year["twice"] == true).count();
    println!(
        "{} fleet-years, {good} of them good, {twice} lived twice with the same events\n\
         {} tokens, {} faults, {} deaths, {} incidents, {} emails, {} calls to Meta\n\
         this run took {} s",
        years.len(),
        sum("tokens"),
        sum("faults"),
        sum("deaths"),
        sum("incidents"),
        sum("emails"),
        sum("calls"),
        began.elapsed().as_secs()
    );
}
