//! `perennial setup`: from nothing to a unit that can be started. It asks, tries the answers, and writes them down.

mod completing;
mod questions;
mod unattended;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::{Answer, Failure, Global, Screen};
use crate::config::{Config, Home, answers};
use crate::daemon::clock;
use crate::setup::{self, Places, Stage};
use questions::Answers;

/// Set up this machine: asks for app and mail, tries both, and writes configuration, key and secrets
///
/// Each question has an option, for scripts. Secrets are taken from a prompt that does not show them, or from files,
/// never from the command line. Nothing that is there is overwritten: run it again, and it adds what is missing.
#[derive(Clone, Debug, Default, Args)]
#[command(group = ArgGroup::new("way").multiple(false))]
pub struct Options {
    /// What to call the app here [default: main]
    #[arg(long, value_name = "NAME", value_parser = answers::app_name)]
    app_name: Option<String>,
    /// Meta's id of the app
    #[arg(long, value_name = "ID", value_parser = answers::app_id)]
    app_id: Option<String>,
    /// The file that holds the app's secret, or - for standard input
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,
    /// Who hears of faults, and of tokens without an owner; may be repeated
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', value_parser = answers::address)]
    mail_to: Vec<String>,
    /// The sender of letters [default: perennial@ and the domain of --mail-to]
    #[arg(long, value_name = "ADDRESS", value_parser = answers::sender)]
    mail_from: Option<String>,
    /// The mail server, such as smtps://user@smtp.example.com:465
    #[arg(long, value_name = "URL", group = "way", value_parser = answers::mail_server)]
    smtp_url: Option<String>,
    /// The file that holds the mail server's password, or - for standard input
    #[arg(long, value_name = "FILE", requires = "smtp_url")]
    smtp_password_file: Option<PathBuf>,
    /// Letters leave by the mail program /usr/sbin/sendmail, which the unit must be allowed to run: see sendmail.conf
    #[arg(long, group = "way")]
    sendmail: bool,
    /// Letters do not leave: each becomes a file in this directory
    #[arg(long, value_name = "DIRECTORY", group = "way")]
    mail_directory: Option<PathBuf>,
    /// The time zone of schedules and letters [default: the machine's]
    #[arg(long, value_name = "ZONE", value_parser = answers::timezone)]
    timezone: Option<String>,
    /// Put everything below this directory, as any user, to try it out [default: /etc/perennial, as the unit expects]
    #[arg(long, value_name = "DIRECTORY")]
    config_dir: Option<PathBuf>,
    /// Ask nothing: take the defaults, and say what is missing
    #[arg(long, visible_alias = "non-interactive")]
    yes: bool,
    /// Write the answers without asking Meta and without a test letter
    #[arg(long)]
    skip_checks: bool,
    /// Where Meta answers, for a rehearsal with perennial graph-sim
    #[arg(long, value_name = "URL", value_parser = answers::url, help_heading = "Rehearsing")]
    graph_url: Option<String>,
    /// Where people log in, for a rehearsal with perennial graph-sim
    #[arg(long, value_name = "URL", value_parser = answers::url, help_heading = "Rehearsing")]
    dialog_url: Option<String>,
}

pub(super) async fn run(
    options: Options,
    global: &Global,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    if global.config.is_some() {
        let words = "setup writes the usual configuration; to have everything below another directory: --config-dir";
        return Err(Failure::Usage(words.to_owned()));
    }
    let places = places(options.config_dir.as_deref())?;
    if places.is_set_up() {
        return completing::run(&places, &options, screen);
    }
    let answers = Answers::gather(&options, &places, screen)?;
    let stage = Stage::prepare(&places, &answers.draft, &answers.secrets)?;
    let config = stage.config()?;
    if !options.skip_checks && !is_tried(&config, &options, screen).await? {
        screen.note("Nothing was written. Put that right and run setup again.");
        return Ok(Answer::No);
    }
    let written = stage.take(&places)?;
    screen.say("Written:")?;
    for path in &written {
        screen.say(&format!("    {}{}", path.display(), remark(path)))?;
    }
    say_how_to_start(&places, &answers.draft.app, screen)?;
    Ok(Answer::Yes)
}

fn places(folder: Option<&Path>) -> Result<Places, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::Refused(error.to_string());
    match folder {
        Some(folder) if folder != Path::new("/etc/perennial") => std::path::absolute(folder)
            .map(|folder| Places::below(&folder))
            .map_err(|error| refused(&error)),
        Some(_) | None => Places::of_the_service().map_err(|error| refused(&error)),
    }
}

/// A person may want it written although it does not work yet; a script does not.
async fn is_tried(
    config: &Config,
    options: &Options,
    screen: &mut Screen,
) -> Result<bool, Failure> {
    let mut works = true;
    for app in &config.apps {
        screen.note("Asking Meta about the app …");
        match setup::meta(app).await {
            Ok(()) => screen.say(&format!("Meta accepts id and secret of app {}.", app.name))?,
            Err(why) => {
                screen.note(&format!("Meta does not: {why}."));
                works = false;
            }
        }
    }
    screen.note("Sending a test letter …");
    let to = config.alerts.operators.join(", ");
    match setup::mail(config, clock::now()).await {
        Ok(()) => screen.say(&format!("A test letter went to {to}. See that it arrives."))?,
        Err(why) => {
            screen.note(&format!("No letter reaches {to}: {why}"));
            works = false;
        }
    }
    if works {
        return Ok(true);
    }
    if options.yes || !screen.is_attended() {
        screen.note("To write it all the same, because Meta or mail cannot be reached from here: --skip-checks");
        return Ok(false);
    }
    let answer = screen
        .ask("Write it all the same? [y/N]")
        .unwrap_or_default();
    Ok(["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

fn remark(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("key") => "    keep a copy elsewhere: without it the tokens are lost",
        Some("toml") => "    explains every setting; change what you like",
        _ => "",
    }
}

fn say_how_to_start(places: &Places, app: &str, screen: &mut Screen) -> Result<(), Failure> {
    let (start, named) = match &places.home {
        Home::Service => ("systemctl enable --now perennial".to_owned(), String::new()),
        Home::Folder(_) => {
            let named = format!(" --config {}", places.config.display());
            (format!("perennial{named} run"), named)
        }
    };
    screen.say(&format!("Start it:\n    {start}"))?;
    screen.note(&format!(
        "Then hand in the first token: perennial{named} import --app {app} --discover"
    ));
    Ok(())
}

impl From<setup::Error> for Failure {
    fn from(error: setup::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

#[cfg(test)]
mod tests;
