//! `perennial completions`: generated from the command line's definition, so that they are always up to date.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::{Answer, Cli, Error, Terminal};

/// Print the completion script for a shell
#[derive(Clone, Debug, Args)]
pub struct CompletionOptions {
    shell: Shell,
}

pub(crate) fn completions(
    options: &CompletionOptions,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "perennial", &mut script);
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Answer::Yes)
}
