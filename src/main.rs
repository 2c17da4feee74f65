//! Parses the command line, runs the command and turns its result into an exit code.

use std::process::ExitCode;

use perennial::cli::{self, Cli, ClientCommand, Command, Error, Global, Terminal};

fn main() -> ExitCode {
    cli::core_dumps::forbid();
    Cli::complete_in_shell();
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let ask = match cli.command {
        Command::LocalCommand(serve) => return serve.start(&cli.global),
        Command::ClientCommand(ask) => ask,
    };
    let mut terminal = Terminal::here();
    let outcome = carry_out(ask, &cli.global, &mut terminal);
    ExitCode::from(cli::exit_code(outcome, &mut terminal))
}

/// Runs a client command. One thread is enough to send requests and wait.
fn carry_out(
    ask: ClientCommand,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<cli::Answer, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(ask.carry_out(global, terminal))
}
