//! Parses the command line, runs the command, turns its result into an exit code.

use std::process::ExitCode;

use perennial::cli::{self, Ask, Cli, Command, Failure, Global, Screen};

fn main() -> ExitCode {
    cli::core_dumps::forbid();
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let ask = match cli.command {
        Command::Serve(serve) => return serve.start(&cli.global),
        Command::Ask(ask) => ask,
    };
    let mut screen = Screen::here();
    let outcome = carry_out(ask, &cli.global, &mut screen);
    ExitCode::from(cli::exit_code(outcome, &mut screen))
}

/// One thread is enough to ask and to wait.
fn carry_out(ask: Ask, global: &Global, screen: &mut Screen) -> Result<cli::Answer, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(ask.carry_out(global, screen))
}
