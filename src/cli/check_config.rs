//! `perennial check-config`: every problem of the configuration at once, by the same code that the daemon starts with.

use clap::Args;

use super::text::counted;
use super::{Answer, Failure, Global, Screen, style};
use crate::config::{self, Machine};

/// Check the configuration, and the secrets that it names
///
/// Prints every problem with its file and line. Exit code 1 if there is any.
#[derive(Clone, Debug, Args)]
pub struct Options {}

pub(super) fn run(_: &Options, global: &Global, screen: &mut Screen) -> Result<Answer, Failure> {
    let path = global.config();
    match config::check(path, &Machine::of_the_service()) {
        Ok(warnings) => {
            for warning in &warnings {
                screen.note(&format!(
                    "{} {warning}",
                    style::paint("warning:", style::WARNING)
                ));
            }
            screen.say(&format!("{}: the configuration is good", path.display()))?;
            Ok(Answer::Yes)
        }
        Err(problems) => {
            screen.say(&problems.to_string())?;
            let count = counted(problems.0.len() as u64, "problem");
            screen.note(&format!(
                "{count}; until that is put right, the daemon does not start and a running one does not reload"
            ));
            Ok(Answer::No)
        }
    }
}
