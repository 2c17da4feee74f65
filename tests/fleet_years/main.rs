//! Years of fleets of 5 to 200 tokens, with faults drawn at random and every rule checked at each step:
//!
//! - `cargo run --release --example fleet_years -- --seed 1 --years 1000 --jobs 2 --results FILE`; results are appended to
//!   the file, one line for each seed, and a run goes on where an earlier one stopped
//! - `… -- --rules` prints the rules, `… -- --one --seed 7` lives one year and says what happened
//! - `… -- --sabotages` breaks each rule on purpose, and succeeds if each is noticed; `… -- --one --seed 7 --sabotage leak`
//!   does so with one of them in one year
//!
//! Each year is a process of its own, because its disk is full now and then. The files of a year are in memory where
//! there is a file system for it, so an fsync costs nothing; whether one is missing is tested elsewhere. A year that
//! breaks a rule is shrunk to the time, the faults and the tokens that it takes, and the command for it is printed.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its figures are what it is for"
)]
#![expect(
    unreachable_pub,
    reason = "nothing is exported from here; pub marks what the stories use"
)]

mod campaign;
#[path = "../scenarios/log.rs"]
mod log;
mod report;
mod results;
mod sabotages;
mod shrink;
mod worker;
#[path = "../scenarios/year/mod.rs"]
mod year;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use campaign::TWICE;
use clap::Parser;
use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use worker::parent_has_ended;
use year::{Counts, Options, RULES, Sabotage, live, season};

#[derive(Parser)]
struct Arguments {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many years, each with a seed of its own
    #[arg(long, default_value_t = 1)]
    years: u64,
    /// How many years are lived at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Where the results are appended, a line each; years that are in it are not lived again
    #[arg(long)]
    results: Option<PathBuf>,
    /// Print the rules
    #[arg(long)]
    rules: bool,
    /// Live this one year in this process, and print what it counted
    #[arg(long)]
    one: bool,
    #[command(flatten)]
    part: Part,
    /// Break a rule on purpose; the year ends when that is noticed
    #[arg(long, value_enum)]
    sabotage: Option<Sabotage>,
    /// Break each rule on purpose, and print which rule noticed it
    #[arg(long)]
    sabotages: bool,
    /// Instead of a year, live the weeks in which each sabotage is noticed
    #[arg(long, hide = true)]
    season: bool,
    /// Print the result as JSON, and end when stdin does
    #[arg(long, hide = true)]
    worker: bool,
}

/// What one year is, besides its seed.
#[derive(Clone, clap::Args)]
struct Part {
    /// The size of each fleet, instead of one drawn between 5 and 200
    #[arg(long)]
    tokens: Option<usize>,
    /// The day on which it ends
    #[arg(long)]
    until: Option<i64>,
    /// The kinds of faults that do not happen
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
}

fn main() -> year::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.rules {
        for (_, name, sentence) in RULES {
            println!("{name}: {sentence}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.sabotages {
        return sabotages::run(arguments.jobs);
    }
    if !arguments.one {
        return campaign::run(&arguments);
    }
    let counts = live_one(&arguments)?;
    match arguments.worker {
        true => println!("{}", report::line(&counts)),
        false => println!("{counts}\nSHA-256 of the events: {}", counts.log),
    }
    let is_as_wanted = match arguments.sabotage {
        Some(sabotage) => counts.breaches.of(sabotage.breaks()) > 0,
        None => counts.breaches.is_empty(),
    };
    Ok(match is_as_wanted {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn live_one(arguments: &Arguments) -> year::Result<Counts> {
    let options = match arguments.season {
        true => Options {
            alone: true,
            folder: folder(),
            ..season(arguments.sabotage)
        },
        false => drawn(arguments),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if !arguments.worker {
        return runtime.block_on(live(options));
    }
    runtime.block_on(async {
        tokio::select! {
            counts = live(options) => counts,
            _ = parent_has_ended() => Err("the process that wanted this year has ended".into()),
        }
    })
}

/// What a year is, by its seed.
fn drawn(arguments: &Arguments) -> Options {
    let mut chance = StdRng::seed_from_u64(arguments.seed);
    // As many small fleets as large ones.
    let drawn = (5.0 * 40_f64.powf(chance.random_range(0.0..1.0))).round() as usize;
    let tokens = arguments.part.tokens.unwrap_or(drawn);
    // A third of the fleets has a budget that a change of a password with all its pages uses up. Which of the checks
    // that are under way then gets the last calls is by chance, so that these years differ in some events.
    let is_tight = chance.random_bool(0.34) && !arguments.seed.is_multiple_of(TWICE);
    let calls_per_hour = is_tight.then(|| (tokens as u64 / 2).max(20));
    Options {
        tokens,
        days: 365,
        until: arguments.part.until,
        seed: arguments.seed,
        step: SignedDuration::from_hours(8),
        calls_per_hour: match arguments.sabotage {
            Some(Sabotage::Overspend) => Some(3),
            _ => calls_per_hour,
        },
        sabotage: arguments.sabotage,
        alone: true,
        without: arguments.part.without.clone(),
        folder: folder(),
    }
}

/// In memory, if there is such a place.
fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    }
}
