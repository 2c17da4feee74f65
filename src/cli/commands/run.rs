//! The programs that run until they are done or stopped: the daemon, the demo, the simulated Graph.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::SignedDuration;

use crate::cli::Global;
use crate::config::Machine;
use crate::demo::{self, DemoRun};
use crate::{daemon, graph_sim};

#[derive(Debug, Subcommand)]
pub enum LocalCommand {
    /// See it work with nothing set up: 75 simulated days in seconds
    Demo(DemoOptions),
    /// Run the daemon in the foreground, as its systemd unit does
    Run,
    /// Run the simulated Graph on its own, to test your own programs
    GraphSim(GraphSimOptions),
}

#[derive(Clone, Debug, Args)]
pub struct DemoOptions {
    /// How many days to simulate
    #[arg(long, default_value_t = 75, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub days: u16,
    /// Seed of the random numbers; the same seed gives the same run
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Keep running at the end, so that you can look around
    #[arg(long)]
    pub keep: bool,
    /// Keep the emails, and a page with timeline, tokens and forecast, in this new folder
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct GraphSimOptions {
    /// The address to listen on; port 0 takes any free port
    #[arg(long, default_value = "127.0.0.1:8470", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// The world to start from (TOML), with apps of Facebook, Instagram and Threads [default: a small sample]
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// Add this many tokens
    #[arg(long, value_name = "N")]
    pub fleet: Option<usize>,
    /// Simulated seconds per real second; 0 stops the simulated clock
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// The delay of every answer, such as 50ms
    #[arg(long, default_value = "0s", value_name = "TIME")]
    pub latency: SignedDuration,
    /// Seed of the random numbers; the same seed gives the same ids and tokens
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// The daemon answers several requests at the same time; two threads are enough for 100,000 tokens.
const WORKER_THREADS: usize = 2;

impl LocalCommand {
    pub fn start(self, global: &Global) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .enable_all()
            .build();
        let ended = match runtime {
            Ok(runtime) => runtime.block_on(self.carry_out(global)),
            Err(error) => Err(error.into()),
        };
        match ended {
            Ok(code) => code,
            Err(error) => {
                // Only the daemon writes a log.
                writeln!(io::stderr(), "{error:#}").ok();
                ExitCode::FAILURE
            }
        }
    }

    async fn carry_out(self, global: &Global) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run => Ok(run(global).await),
            Self::Demo(options) => demo(&options).await,
            Self::GraphSim(options) => graph_sim(options).await,
        }
    }
}

async fn run(global: &Global) -> ExitCode {
    daemon::start_logging();
    daemon::hide_panic_messages();
    match daemon::run(global.config(), Machine::here()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            error.exit_code()
        }
    }
}

async fn demo(options: &DemoOptions) -> anyhow::Result<ExitCode> {
    if let Some(output) = &options.output {
        create_empty(output)?;
    }
    let mut out = anstream::AutoStream::auto(io::stdout());
    let live = demo::Options {
        days: options.days,
        seed: options.seed,
        sabotage: demo::Sabotage::Nothing,
    };
    let mut demo_run = DemoRun::live(live, &mut out).await?;
    demo_run.print_end(&mut out)?;
    if let Some(output) = &options.output {
        demo_run.write_report(output)?;
        let index = output.join("index.html");
        writeln!(out, "\nKept: {}, and the emails beside it", index.display())?;
    }
    if options.keep {
        demo_run.write_report(demo_run.folder())?;
        demo_run.places(&this_program(), &mut out)?;
        tokio::select! {
            ended = demo_run.go_on(&mut out) => ended?,
            stopped = daemon::until_stopped() => stopped?,
        }
    } else if options.output.is_none() {
        let program = this_program();
        writeln!(out, "\nNothing of this run is kept.")?;
        writeln!(
            out,
            "  {program} demo --output DIR   keeps its emails, timeline and tokens as pages"
        )?;
        writeln!(
            out,
            "  {program} demo --keep         keeps running, so that you can give it orders"
        )?;
    }
    let good = demo_run.closing_table.is_good();
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Nothing of the user's is overwritten.
fn create_empty(folder: &Path) -> anyhow::Result<()> {
    let created = fs::create_dir_all(folder).and_then(|()| fs::read_dir(folder));
    let mut entries = created.with_context(|| format!("cannot create {}", folder.display()))?;
    if entries.next().is_some() {
        anyhow::bail!("{} is not empty; name a new folder", folder.display());
    }
    Ok(())
}

/// How to call this very program in a shell, from any folder.
fn this_program() -> String {
    let called = env::args().next().unwrap_or_default();
    if !called.is_empty() && !called.contains('/') {
        return called;
    }
    let path = env::current_exe().map_or(called, |path| path.display().to_string());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    match path.chars().all(is_plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

async fn graph_sim(options: GraphSimOptions) -> anyhow::Result<ExitCode> {
    daemon::start_logging();
    graph_sim::run(graph_sim::Options {
        listen: options.listen,
        world: options.world,
        fleet: options.fleet,
        speed: options.speed,
        latency: options.latency.unsigned_abs(),
        start: daemon::clock::now(),
        seed: options.seed,
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}
