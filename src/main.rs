//! Parses the command line, runs the command, turns its result into an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use perennial::cli::{
    self, Answer, Ask, Cli, Command, DemoOptions, Failure, Global, Screen, Serve,
};
use perennial::config::Machine;
use perennial::daemon::{self, clock};
use perennial::demo::Season;
use perennial::graph_sim;
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    match cli.command {
        Command::Serve(Serve::Run) => run(&cli.global),
        Command::Serve(Serve::Demo(options)) => end(demo(&options)),
        Command::Serve(Serve::GraphSim(options)) => end(graph_sim(options.world(clock::now()))),
        Command::Ask(ask) => carry_out(ask, &cli.global),
    }
}

/// One thread is enough to ask and to wait.
fn carry_out(ask: Ask, global: &Global) -> ExitCode {
    let mut screen = Screen::here();
    let runtime = Builder::new_current_thread().enable_all().build();
    let outcome = runtime
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(ask.carry_out(global, &mut screen)));
    ExitCode::from(cli::exit_code(outcome, &mut screen))
}

fn run(global: &Global) -> ExitCode {
    daemon::hush_panics();
    daemon::start_logging();
    let outcome =
        workers().map(|runtime| runtime.block_on(daemon::run(global.config(), Machine::here())));
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            writeln!(io::stderr(), "{failure}").ok();
            failure.exit_code()
        }
        Err(error) => end(Err(error.into())),
    }
}

fn demo(options: &DemoOptions) -> anyhow::Result<Answer> {
    workers()?.block_on(async {
        let mut out = anstream::stdout();
        let season = Season::live(options.season(), &mut out).await?;
        season.verdict.print(&mut out)?;
        season.places(&mut out)?;
        if options.keep {
            std::future::pending::<()>().await;
        }
        Ok(if season.verdict.is_good() {
            Answer::Yes
        } else {
            Answer::No
        })
    })
}

fn graph_sim(options: graph_sim::Options) -> anyhow::Result<Answer> {
    workers()?.block_on(graph_sim::run(options))?;
    Ok(Answer::Yes)
}

fn workers() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

fn end(outcome: anyhow::Result<Answer>) -> ExitCode {
    match outcome {
        Ok(answer) => ExitCode::from(answer.exit_code()),
        Err(error) => {
            writeln!(io::stderr(), "{error:#}").ok();
            ExitCode::FAILURE
        }
    }
}
