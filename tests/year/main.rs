//! `cargo run --release --example year`: a year of a fleet of 10,000 tokens (`FLEET`) in a few minutes, and the
//! results. It fails if a death was not notified in time, or if an email had no cause.

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(
    unreachable_pub,
    reason = "nothing is exported from here; pub marks what the stories use"
)]

#[path = "../scenarios/year/mod.rs"]
mod year;

use std::process::ExitCode;
use std::time::Instant;

use jiff::SignedDuration;
use year::{Options, Sabotage, live};

fn main() -> year::Result<ExitCode> {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let options = Options {
        tokens: number("FLEET").unwrap_or(10_000),
        days: 365,
        seed: number("SEED").unwrap_or(1) as u64,
        step: SignedDuration::from_hours(2),
        sabotage: Sabotage::Nothing,
    };
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let counts = runtime.block_on(live(options))?;
    println!("{counts}\nin {:.0} s", began.elapsed().as_secs_f64());
    Ok(if counts.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
