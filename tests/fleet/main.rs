//! `cargo bench`: what a token costs the library and the daemon, as a ratio to the least that any program must do for it,
//! and whether that cost grows with the fleet or changes with its shape.

#![expect(
    clippy::print_stdout,
    reason = "its figures are what a benchmark is for"
)]
#![expect(
    unreachable_pub,
    reason = "nothing is exported from here; pub marks what the parts use"
)]

mod attached;
mod child;
mod daemon;
mod disk;
mod figures;
mod floor;
mod forecast;
mod library;
mod limits;
mod meta;
mod metrics;
mod overview;
mod page;
mod plan;
mod premises;
mod probe;
mod process;
mod server;
mod summary;
mod tables;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use meta::Shape;
use plan::{Engine, Plan, Program};

pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Measures what a token costs
#[derive(Debug, Parser)]
struct Arguments {
    /// The number of tokens; may be repeated [default: 10000 and 100000]
    #[arg(long, value_name = "NUMBER")]
    tokens: Vec<usize>,
    /// Only this shape of fleet
    #[arg(long)]
    shape: Option<Shape>,
    /// Only this program
    #[arg(long)]
    program: Option<Program>,
    /// Measure the library on a server of this engine as well
    #[arg(long)]
    engine: Option<Engine>,
    /// A short run that fails when a limit is clearly exceeded
    #[arg(long, conflicts_with_all = ["tokens", "shape", "program", "engine", "page"])]
    check: bool,
    /// Also write the figures to this page of the documentation
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// What cargo adds, behind the name of a part as well
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program does in its other processes.
#[derive(Debug, Subcommand)]
enum Part {
    #[command(hide = true)]
    Meta {
        tokens: usize,
        shape: Shape,
        file: PathBuf,
    },
    #[command(hide = true)]
    Floor {
        url: String,
        file: PathBuf,
        database: PathBuf,
    },
    #[command(hide = true)]
    Library {
        url: String,
        file: PathBuf,
        database: String,
    },
    /// Measures what a forecast costs
    Forecast {
        /// The number of tokens; may be repeated
        #[arg(long, value_name = "NUMBER", default_value = "1000000")]
        tokens: Vec<usize>,
    },
    #[command(hide = true)]
    ForecastOf {
        tokens: usize,
        fleet: forecast::Fleet,
    },
    /// Measures what a page of the overview costs
    Overview {
        /// The number of tokens
        #[arg(long, value_name = "NUMBER", default_value = "1000000")]
        tokens: usize,
    },
    #[command(hide = true)]
    OverviewOf {
        tokens: usize,
        fleet: forecast::Fleet,
    },
    #[command(hide = true)]
    Attached {
        program: OsString,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

pub fn main() -> Result {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(Part::Meta {
            tokens,
            shape,
            file,
        }) => meta::serve(tokens, shape, &file),
        Some(Part::Floor {
            url,
            file,
            database,
        }) => floor::serve(&url, &file, &database),
        Some(Part::Library {
            url,
            file,
            database,
        }) => library::serve(url, file, &database),
        Some(Part::Forecast { tokens }) => forecast::measure(&tokens),
        Some(Part::ForecastOf { tokens, fleet }) => forecast::serve(tokens, fleet),
        Some(Part::Overview { tokens }) => overview::measure(tokens),
        Some(Part::OverviewOf { tokens, fleet }) => overview::serve(tokens, fleet),
        Some(Part::Attached { program, arguments }) => attached::become_it(&program, &arguments),
        None if arguments.check => check(),
        None => measure(&arguments),
    }
}

fn measure(arguments: &Arguments) -> Result {
    let plan = Plan::of(&arguments.tokens, arguments.shape, arguments.program);
    let runs = plan.also_on(arguments.engine).carry_out()?;
    println!("\n{}", tables::all(&runs));
    for miss in limits::missed(&runs) {
        println!("missed: {miss}");
    }
    if let Some(path) = &arguments.page {
        page::write(path, &runs)?;
    }
    Ok(())
}

fn check() -> Result {
    let runs = Plan::short().carry_out()?;
    println!("\n{}", tables::all(&runs));
    let failures = limits::clearly_exceeded(&runs);
    if failures.is_empty() {
        return Ok(());
    }
    for failure in failures {
        println!("too much: {failure}");
    }
    std::process::exit(1);
}
