//! `perennial completions` and `perennial man`: made from the command line itself, so they cannot lag behind it.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Answer, Cli, Failure, Screen};

/// Print the completions for a shell
#[derive(Clone, Debug, Args)]
pub struct CompletionOptions {
    shell: Shell,
}

/// Print a manual page: of the whole, or of one command
#[derive(Clone, Debug, Args)]
pub struct ManOptions {
    command: Option<String>,
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

pub(super) fn man(options: &ManOptions, screen: &mut Screen) -> Result<Answer, Failure> {
    let mut whole = Cli::command();
    whole.build();
    let page = match &options.command {
        None => whole,
        Some(name) => {
            let Some(command) = whole.find_subcommand(name) else {
                let words =
                    format!("There is no command {name}. See those there are: perennial --help");
                return Err(Failure::Usage(words));
            };
            command.clone()
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    screen.say(&String::from_utf8_lossy(&text))?;
    Ok(Answer::Yes)
}
