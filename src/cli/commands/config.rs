//! `perennial config show`: the settings in effect, with those that the file leaves out.

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::{Answer, Error, Global, Result, Terminal};
use crate::config::{self, Machine};

/// Show the settings in effect, with their defaults
///
/// `perennial config show` prints every setting as a configuration that would be accepted again. A comment says where a
/// value is a default. Secrets are shown by the name of their credential or file, never by their content. Comments of the
/// file are left out.
///
/// It reads the file. A running daemon has the settings of its last start or reload.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// What to do with the configuration
    #[arg(value_enum)]
    action: Action,
    /// Print the settings as JSON, and the paths of those that are defaults
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Action {
    /// Print the settings in effect
    Show,
}

pub(crate) fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let Action::Show = options.action;
    let path = global.config();
    let effective = config::effective(path, &Machine::of_the_service()).map_err(|problems| {
        Error::Refused(format!(
            "{problems}\nUntil you correct this, no settings are in effect: perennial check-config"
        ))
    })?;
    if options.json {
        let mut document = effective.json();
        document["file"] = json!(path);
        terminal.print_json(&document)?;
    } else {
        terminal.print(&format!(
            "# {}, and what it leaves out\n\n{}",
            path.display(),
            effective.text()
        ))?;
    }
    Ok(Answer::Yes)
}
