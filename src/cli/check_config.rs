//! `perennial check-config`: every problem of the configuration at once, by the same code that the daemon starts with.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::text::counted;
use super::{Answer, Failure, Global, Screen, style};
use crate::config::{self, Machine};

/// Check the configuration, and the secrets that it names
///
/// Prints every problem with its file and line. Exit code 1 if there is any.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Also write every kind of letter into this directory, as text and HTML, to see how they look
    #[arg(long, value_name = "DIR")]
    letters: Option<PathBuf>,
}

pub(super) fn run(
    options: &Options,
    global: &Global,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
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
            if let Some(folder) = &options.letters {
                write_letters(path, folder, screen)?;
            }
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

/// A Monday morning: what a letter shows depends on the template alone, and not on when one looks.
const SAMPLE_TIME: i64 = 1_796_029_200;

fn write_letters(path: &Path, folder: &Path, screen: &mut Screen) -> Result<(), Failure> {
    let now = Timestamp::from_second(SAMPLE_TIME).unwrap_or(Timestamp::UNIX_EPOCH);
    let letters = config::sample_letters(path, &Machine::of_the_service(), now);
    let letters = letters.map_err(|problems| Failure::Refused(problems.to_string()))?;
    let unwritable =
        |error| Failure::Refused(format!("cannot write into {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(unwritable)?;
    for letter in &letters {
        let file = folder.join(format!("{}-{}", letter.name, letter.language.code()));
        let text = format!("Subject: {}\n\n{}", letter.subject, letter.text);
        fs::write(file.with_extension("txt"), text).map_err(unwritable)?;
        fs::write(file.with_extension("html"), &letter.html).map_err(unwritable)?;
    }
    let count = counted(letters.len() as u64, "letter");
    screen.say(&format!(
        "{}: {count}, each as .txt and .html",
        folder.display()
    ))?;
    Ok(())
}
