//! Parses the command line and runs the command.

use std::process::ExitCode;

use perennial::cli::{self, Cli};

fn main() -> ExitCode {
    cli::core_dumps::forbid();
    Cli::complete_in_shell();
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    cli.start()
}
