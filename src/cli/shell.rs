//! `perennial completions`: made from the command line itself, so they cannot lag behind it.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Answer, Cli, Failure, Screen};

/// Print the completions for a shell
#[derive(Clone, Debug, Args)]
pub struct CompletionOptions {
    shell: Shell,
}

pub(super) fn completions(
    options: &CompletionOptions,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "perennial", &mut script);
    screen.say(&String::from_utf8_lossy(&script))?;
    Ok(Answer::Yes)
}
