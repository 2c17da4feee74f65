//! Many years, some at a time.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use super::report::{commit, is_good, sentence};
use super::results::{self, Results};
use super::shrink::{day_after, shrink};
use super::worker::{Wanted, live, options_of};
use super::year::Result;
use super::{Arguments, Part};

/// Every so manieth year is lived twice, and must have the same events.
pub(super) const TWICE: u64 = 100;
/// When each year begins.
const START: &str = "2026-01-05T06:00:00Z";

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.results.clone().unwrap_or_else(default_results);
    let results = Mutex::new(Results::open(&path)?);
    // Now, since someone may commit something while the years are lived.
    let (commit, next) = (commit(), AtomicU64::new(0));
    let work = &|number| work(&Job { arguments, number }, &commit, &next, &results);
    thread::scope(|scope| {
        let spawn = |job| scope.spawn(move || work(job));
        let workers: Vec<_> = (0..arguments.jobs).map(spawn).collect();
        for worker in workers {
            worker.join().map_err(|_| "a worker panicked")??;
        }
        Ok::<(), Box<dyn std::error::Error>>(())
    })?;
    let years = results::read(&path, arguments.seed..arguments.seed + arguments.years)?;
    let broken: Vec<&Value> = years.iter().filter(|year| !is_good(year)).collect();
    for year in &broken {
        println!(
            "seed {} on {}: {}",
            year["seed"],
            year["commit"],
            words(year)
        );
    }
    println!("{}", sentence(&years));
    Ok(match broken.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// One of those that live years at the same time.
struct Job<'a> {
    arguments: &'a Arguments,
    number: usize,
}

/// Lives one year after the other, until none is left.
fn work(
    job: &Job<'_>,
    commit: &str,
    next: &AtomicU64,
    results: &Mutex<Results>,
) -> std::result::Result<(), String> {
    let (arguments, began) = (job.arguments, Instant::now());
    loop {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        if turn >= arguments.years {
            return Ok(());
        }
        let seed = arguments.seed + turn;
        let is_lived = results.lock().map(|results| results.lived.contains(&seed));
        if is_lived.map_err(|error| error.to_string())? {
            continue;
        }
        let mut year = live_year(job, seed).map_err(|error| error.to_string())?;
        (year["seed"], year["commit"]) = (json!(seed), json!(commit));
        let mut results = results.lock().map_err(|error| error.to_string())?;
        results.append(&year).map_err(|error| error.to_string())?;
        let seconds = began.elapsed().as_secs();
        eprintln!("{seconds} s: seed {seed}: {}", words(&year));
    }
}

/// Outside of the checkout.
fn default_results() -> PathBuf {
    std::env::temp_dir().join("fleet-years.jsonl")
}

fn words(year: &Value) -> String {
    match is_good(year) {
        true => format!(
            "{} tokens, {} faults, every rule held",
            year["tokens"], year["faults"]
        ),
        false if year["twice"] == false => "BROKEN: lived twice with other events".to_owned(),
        false => format!("BROKEN: {}; {}", year["breaches"], year["reproduce"]),
    }
}

fn live_year(job: &Job<'_>, seed: u64) -> Result<Value> {
    let (arguments, number) = (job.arguments, job.number);
    let live = |part: &Part| {
        let sabotage = arguments.sabotage;
        live(
            &Wanted::Year {
                seed,
                part,
                sabotage,
            },
            number,
        )
    };
    let mut year = live(&arguments.part)?;
    if seed.is_multiple_of(TWICE) {
        let again = live(&arguments.part)?;
        year["twice"] = (again["events"] == year["events"]).into();
    }
    let breaches = year["breaches"].as_object().cloned().unwrap_or_default();
    if let Some((rule, breach)) = breaches.into_iter().next() {
        let fails = |part: &Part| Ok(!live(part)?["breaches"][&rule].is_null());
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

fn command_of(seed: u64, part: &Part) -> String {
    let options = options_of(seed, part).join(" ");
    format!("cargo run --release --example fleet_years -- --one {options}")
}
