//! `cargo run --release --example fleet_years -- --seed 1 --years 1000`: years of fleets of 5 to 200 tokens, with faults
//! drawn at random and every rule checked at each step. A year that breaks a rule is shrunk to the faults that it takes.
//! Each year is a process of its own, so that one can be on a full disk. Results are appended to a file, and a run goes
//! on where an earlier one stopped.

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(
    unreachable_pub,
    reason = "nothing is exported from here; pub marks what the stories use"
)]

mod campaign;
mod shrink;
#[path = "../scenarios/year/mod.rs"]
mod year;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use year::{Counts, Options, Sabotage, live};

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
    /// The size of each fleet, instead of one drawn between 5 and 200
    #[arg(long)]
    tokens: Option<usize>,
    /// Where the results are appended, a line each; years that are in it are not lived again
    #[arg(long, default_value = "target/fleet-years.jsonl")]
    results: PathBuf,
    /// Live this one year in this process, and print what it counted
    #[arg(long)]
    one: bool,
    /// Faults that do not happen, by their numbers
    #[arg(long, value_delimiter = ',')]
    without: Vec<usize>,
}

fn main() -> year::Result<ExitCode> {
    let arguments = Arguments::parse();
    if !arguments.one {
        return campaign::run(&arguments);
    }
    let counts = live_one(&arguments)?;
    println!("{}", campaign::line(arguments.seed, &counts));
    Ok(match counts.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn live_one(arguments: &Arguments) -> year::Result<Counts> {
    let mut chance = StdRng::seed_from_u64(arguments.seed);
    let drawn = chance.random_range(5..=200);
    let options = Options {
        tokens: arguments.tokens.unwrap_or(drawn),
        days: 365,
        seed: arguments.seed,
        step: SignedDuration::from_hours(6),
        sabotage: Sabotage::Nothing,
        alone: true,
        without: arguments.without.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(live(options))
}
