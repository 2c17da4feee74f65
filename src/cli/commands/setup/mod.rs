//! `perennial setup`: sets up a machine so that the service can start. It asks, tries the answers, and writes the
//! files.

mod completing;
mod public_address;
mod question_texts;
mod questions;
mod unattended;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use crate::cli::{Answer, Error, Global, Result, Terminal, secret_input};
use crate::config::{Config, Home, MailTransport, validators};
use crate::daemon::clock;
use crate::setup::{self, AppTrial, Harness, Places};
use questions::{Answers, Prompt};

/// Set up this machine: ask for app and mail, try both, write files
///
/// Each question has an option, for scripts. Secrets are read from a hidden prompt or from files, never from the
/// command line. Existing files are never overwritten: run it again to add what is missing.
#[derive(Clone, Debug, Default, Args)]
#[command(group = ArgGroup::new("way").multiple(false))]
pub struct Options {
    /// The name of the app in Perennial [default: the company in the domain of --mail-to, or app]
    #[arg(long, value_name = "NAME", value_parser = validators::app_name)]
    app_name: Option<String>,
    /// The app's id at Meta
    #[arg(long, value_name = "ID", value_parser = validators::app_id)]
    app_id: Option<String>,
    /// The file that holds the app's secret, or - for standard input
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,
    /// Address for errors, and for tokens without an owner; may be repeated
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', value_parser = validators::address)]
    mail_to: Vec<String>,
    /// The sender of emails [default: perennial@ and the domain of --mail-to]
    #[arg(long, value_name = "ADDRESS", value_parser = validators::sender)]
    mail_from: Option<String>,
    /// The name of your company, in every email and on every public page [default: none]
    #[arg(long, value_name = "NAME", value_parser = validators::one_line)]
    company: Option<String>,
    /// Whom people may ask about an email or page: an address, a phone number [default: the first --mail-to]
    #[arg(long, value_name = "WHOM", value_parser = validators::one_line)]
    contact: Option<String>,
    /// The mail server, such as smtps://user@smtp.example.com:465
    #[arg(long, value_name = "URL", group = "way", value_parser = validators::mail_server)]
    smtp_url: Option<String>,
    /// The file that holds the mail server's password, or - for standard input
    #[arg(long, value_name = "FILE", requires = "smtp_url")]
    smtp_password_file: Option<PathBuf>,
    /// Send emails with /usr/sbin/sendmail, which the unit must be allowed to run: see sendmail.conf
    #[arg(long, group = "way")]
    sendmail: bool,
    /// Do not send emails: write each into a file in this directory
    #[arg(long, value_name = "DIRECTORY", group = "way")]
    mail_directory: Option<PathBuf>,
    /// The address at which people and Meta reach this machine through your TLS proxy [default: none]
    #[arg(long, value_name = "URL", value_parser = validators::public_url)]
    public_url: Option<String>,
    /// The time zone of schedules and emails [default: the machine's]
    #[arg(long, value_name = "ZONE", value_parser = validators::timezone)]
    timezone: Option<String>,
    /// Write everything below this directory, as any user, to try it out [default: /etc/perennial, as the unit expects]
    #[arg(long, value_name = "DIRECTORY")]
    config_dir: Option<PathBuf>,
    /// Ask nothing: use the defaults, and print what is missing
    #[arg(long, visible_alias = "non-interactive")]
    yes: bool,
    /// Write the answers without asking Meta and without a test email
    #[arg(long)]
    skip_checks: bool,
    /// The address of Meta's API, for a rehearsal with perennial graph-sim
    #[arg(long, value_name = "URL", value_parser = validators::url, help_heading = "Rehearsing")]
    graph_url: Option<String>,
    /// The address of Meta's login dialog, for a rehearsal with perennial graph-sim
    #[arg(long, value_name = "URL", value_parser = validators::url, help_heading = "Rehearsing")]
    dialog_url: Option<String>,
}

pub(crate) async fn run(options: Options, global: &Global, terminal: &mut Terminal) -> Result {
    if global.config.is_some() {
        let text = "setup writes the default configuration. To write everything below another directory, use \
                    --config-dir";
        return Err(Error::Usage(text.to_owned()));
    }
    let places = places(options.config_dir.as_deref())?;
    if places.is_set_up() {
        return completing::run(&places, &options, terminal);
    }
    let mut answers = Answers::collect(&options, &places, terminal)?;
    let mut prompt = |question: &str| secret_input::prompt(question, completing::INSTEAD);
    let harness = staged(&mut answers, &options, &places, terminal, &mut prompt).await?;
    let Some(harness) = harness else {
        terminal.warn("Nothing was written. Correct this and run setup again.");
        return Ok(Answer::No);
    };
    let public_address = public_address::instructions(&harness.config()?, &places);
    let written = harness.take(&places)?;
    terminal.print("Written:")?;
    for path in &written {
        terminal.print(&format!("    {}{}", path.display(), remark(path)))?;
    }
    say_how_to_start(&places, public_address, terminal)?;
    Ok(Answer::Yes)
}

fn places(folder: Option<&Path>) -> Result<Places> {
    let refused = |error: &dyn std::fmt::Display| Error::Refused(error.to_string());
    match folder {
        Some(folder) if folder != Path::new("/etc/perennial") => std::path::absolute(folder)
            .map(|folder| Places::below(&folder))
            .map_err(|error| refused(&error)),
        Some(_) | None => Places::of_the_service().map_err(|error| refused(&error)),
    }
}

/// Prepares what is to be written; `None` if a test fails. A secret that Meta refuses can be typed again.
async fn staged(
    answers: &mut Answers,
    options: &Options,
    places: &Places,
    terminal: &mut Terminal,
    prompt: Prompt<'_>,
) -> Result<Option<Harness>> {
    loop {
        let harness = Harness::prepare(places, &answers.template, &answers.secrets)?;
        let config = harness.config()?;
        if options.skip_checks {
            return Ok(Some(harness));
        }
        let trial = try_app(&config, terminal).await?;
        let is_wrong = matches!(trial, AppTrial::WrongSecret(_));
        if is_wrong && answers.retype_app_secret(options, places, terminal, prompt)? {
            continue;
        }
        let app_works = trial == AppTrial::Accepted;
        let way = &answers.template.way;
        // A test email in a directory would be left behind when nothing is written.
        let leaves_file = matches!(way, MailTransport::Directory(_));
        let mail_works = (app_works || !leaves_file) && try_mail(&config, way, terminal).await?;
        let is_wanted = (app_works && mail_works) || is_wanted_anyway(options, terminal)?;
        return Ok(is_wanted.then_some(harness));
    }
}

/// The first trouble, or that all is well.
async fn try_app(config: &Config, terminal: &mut Terminal) -> Result<AppTrial> {
    for app in &config.apps {
        terminal.warn("Asking Meta about the app …");
        let trial = setup::meta(app).await;
        match &trial {
            AppTrial::Accepted => {
                terminal.print(&format!("Meta accepts id and secret of app {}.", app.name))?;
            }
            AppTrial::WrongSecret(why) | AppTrial::Failed(why) => {
                terminal.warn(&format!("Meta does not accept it: {why}."));
                return Ok(trial);
            }
        }
    }
    Ok(AppTrial::Accepted)
}

async fn try_mail(config: &Config, way: &MailTransport, terminal: &mut Terminal) -> Result<bool> {
    terminal.warn("Sending a test email …");
    let to = config.alerts.operators.join(", ");
    match setup::mail(config, clock::now()).await {
        Ok(()) => {
            terminal.print(&match way {
                MailTransport::Directory(folder) => {
                    format!("A test email is written into {}.", folder.display())
                }
                MailTransport::Smtp { .. } | MailTransport::Sendmail => {
                    format!("A test email went to {to}. Check that it arrives.")
                }
            })?;
            Ok(true)
        }
        Err(why) => {
            terminal.warn(&format!("Cannot send an email to {to}: {why}"));
            Ok(false)
        }
    }
}

/// A person may want it written although it does not work yet; a script does not.
fn is_wanted_anyway(options: &Options, terminal: &mut Terminal) -> Result<bool> {
    if options.yes || !terminal.is_interactive() {
        terminal.warn("To write it anyway, because this machine cannot reach Meta or the mail server: --skip-checks");
        return Ok(false);
    }
    Ok(terminal.confirms("Write it anyway?"))
}

fn remark(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("key") => "    Back it up. Without this key the tokens cannot be recovered.",
        Some("toml") => "    explains every setting",
        _ => "",
    }
}

const LOOK: &str =
    "When the daemon runs and the proxy is in place, see whether the address leads here:";

fn say_how_to_start(
    places: &Places,
    public_address: Option<String>,
    terminal: &mut Terminal,
) -> Result<()> {
    let (start, named) = match &places.home {
        Home::Service => ("systemctl enable --now perennial".to_owned(), String::new()),
        Home::Folder(_) => {
            let named = format!(" --config {}", places.config.display());
            (format!("perennial{named} run"), named)
        }
    };
    terminal.print(&format!("Start it:\n    {start}"))?;
    if let Some(instructions) = public_address {
        terminal.print(&format!(
            "\n{instructions}\n\n{LOOK}\n    perennial{named} doctor\n"
        ))?;
    }
    terminal.warn(&format!(
        "Then add the first token, and its pages: perennial{named} import --discover"
    ));
    Ok(())
}

impl From<setup::Error> for Error {
    fn from(error: setup::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

#[cfg(test)]
mod tests;
