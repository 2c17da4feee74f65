//! `perennial check-config`: prints every problem of the configuration, with the same code that starts the daemon.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use crate::cli::terminal::style;
use crate::cli::terminal::text::counted;
use crate::cli::{Answer, Error, Global, Result, Terminal};
use crate::config::{self, Machine};

/// Check the configuration and the secrets that it names
///
/// Prints every problem with its file and line. Exit code 1 if there are any.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Also write a sample of every kind of email into this directory, as text and HTML
    #[arg(long, value_name = "DIR")]
    emails: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let path = global.config();
    let warnings = match config::check(path, &Machine::of_the_service()) {
        Ok(warnings) => warnings,
        Err(problems) => {
            terminal.print(&problems.to_string())?;
            let count = counted(problems.0.len() as u64, "problem");
            terminal.warn(&format!(
                "{count}. Until you correct this, the daemon does not start, and a running daemon does not reload"
            ));
            return Ok(Answer::No);
        }
    };
    let label = style::paint("warning:", style::WARNING);
    for warning in &warnings {
        terminal.warn(&format!("{label} {warning}"));
    }
    terminal.print(&format!("{}: the configuration is valid", path.display()))?;
    if let Some(folder) = &options.emails {
        write_samples(path, folder, terminal)?;
    }
    Ok(Answer::Yes)
}

/// A fixed time, a Monday morning, so that the samples depend only on the templates.
const SAMPLE_TIME: i64 = 1_796_029_200;

fn write_samples(path: &Path, folder: &Path, terminal: &mut Terminal) -> Result<()> {
    let now = Timestamp::from_second(SAMPLE_TIME).unwrap_or(Timestamp::UNIX_EPOCH);
    let emails = config::sample_emails(path, &Machine::of_the_service(), now);
    let emails = emails.map_err(|problems| Error::Refused(problems.to_string()))?;
    let unwritable =
        |error| Error::Refused(format!("cannot write into {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(unwritable)?;
    for email in &emails {
        let file = folder.join(format!("{}-{}", email.name, email.language.code()));
        let text = format!("Subject: {}\n\n{}", email.subject, email.text);
        fs::write(file.with_extension("txt"), text).map_err(unwritable)?;
        fs::write(file.with_extension("html"), &email.html).map_err(unwritable)?;
    }
    let count = counted(emails.len() as u64, "email");
    terminal.print(&format!(
        "{}: {count}, each as .txt and .html",
        folder.display()
    ))?;
    Ok(())
}
