//! `perennial completions`: prints the script that makes a shell ask Perennial itself for completions.

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::cli::parse::COMPLETE_VARIABLE;
use crate::cli::{Answer, Result, Terminal};

/// Print the completion script for a shell
///
/// The packages install it for bash, zsh and fish. It completes commands, options and the names of tokens. To use it in
/// this shell only: source <(perennial completions bash)
#[derive(Clone, Debug, Args)]
pub struct CompletionOptions {
    /// The shell that is to read the script
    shell: Shell,
}

pub(crate) fn completions(options: &CompletionOptions, terminal: &mut Terminal) -> Result {
    const NAME: &str = "perennial";
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(&options.shell.to_string()) {
        shell.write_registration(COMPLETE_VARIABLE, NAME, NAME, NAME, &mut script)?;
    }
    terminal.print(&String::from_utf8_lossy(&script))?;
    if options.shell == Shell::Zsh {
        terminal.print(ZSH_AUTOLOAD)?;
    }
    Ok(Answer::Yes)
}

/// A file in zsh's function path runs when its command is first completed, and must then complete it.
const ZSH_AUTOLOAD: &str =
    r#"[[ "$funcstack[1]" == _perennial ]] && _clap_dynamic_completer_perennial "$@""#;
