//! Completes a machine that has its configuration: adds the files that it names and that are missing, and changes
//! nothing else.

use std::path::PathBuf;

use super::{Options, public_address, say_how_to_start};
use crate::cli::secret_input;
use crate::cli::terminal::text::all_of;
use crate::cli::{Answer, Error, Result, Terminal};
use crate::config::{
    self, Credentials, DiagnosticList, Home, INVENTORY_KEY, Machine, SMTP_PASSWORD,
    credentials_named,
};
use crate::secret::Secret;
use crate::setup::{self, NamedSecret, Places};

pub(super) fn run(places: &Places, options: &Options, terminal: &mut Terminal) -> Result {
    let config = places.config.display();
    terminal.print(&format!("{config} already exists and is not changed."))?;
    let missing = missing(places)?;
    add(&missing, places, options, terminal)?;
    let machine = Machine {
        credentials: Credentials::Directory(places.credentials()),
        ..Machine::here()
    };
    if let Err(problems) = config::check(&places.config, &machine) {
        terminal.print(&problems.to_string())?;
        terminal.warn("The daemon does not start until you correct this: perennial check-config");
        return Ok(Answer::No);
    }
    if missing.is_empty() {
        terminal.print("Everything is in place; nothing was changed.")?;
    }
    let config = config::load(&places.config, &machine)?;
    let instructions = public_address::instructions(&config, places);
    if options.public_url.is_some() && instructions.is_none() {
        terminal.warn("--public-url is not written into a configuration that exists: add it there, under [web]");
    }
    say_how_to_start(places, instructions, terminal)?;
    Ok(Answer::Yes)
}

/// The credentials whose files are missing. A configuration below `--config-dir` names its secrets as files, so only
/// the key is checked.
fn missing(places: &Places) -> Result<Vec<String>> {
    if matches!(places.home, Home::Folder(_)) {
        let key = Some(INVENTORY_KEY.to_owned());
        return Ok(Vec::from_iter(
            key.filter(|key| !places.credential(key).exists()),
        ));
    }
    let mut named = credentials_named(&places.config)?;
    named.retain(|name| !places.credential(name).exists());
    Ok(Vec::from_iter(named))
}

fn add(
    missing: &[String],
    places: &Places,
    options: &Options,
    terminal: &mut Terminal,
) -> Result<()> {
    let can_ask = terminal.is_interactive() && !options.yes;
    let unanswered =
        |name: &&String| *name != INVENTORY_KEY && !can_ask && options.file_of(name).is_none();
    let unanswered: Vec<String> = missing.iter().filter(unanswered).cloned().collect();
    if !unanswered.is_empty() {
        return Err(Error::Usage(format!(
            "The configuration names {}, and there is no such file in {}.\nPut each secret into a file of its name \
             there (mode 0600), or run setup at a terminal, which asks for it",
            all_of(&unanswered),
            places.credentials().display()
        )));
    }
    for name in missing {
        if name == INVENTORY_KEY {
            setup::add_key(places)?;
        } else {
            let (name, value) = (name.clone(), secret(name, options)?);
            setup::add_secret(places, &NamedSecret { name, value })?;
        }
        let path = places.credential(name);
        terminal.print(&format!("Added {}{}", path.display(), super::remark(&path)))?;
    }
    Ok(())
}

fn secret(name: &str, options: &Options) -> Result<Secret> {
    match options.file_of(name) {
        Some(file) => secret_input::from_file(file),
        None => secret_input::prompt(&format!("The secret called {name}"), INSTEAD),
    }
}

pub(super) const INSTEAD: &str =
    "Name files instead: perennial setup --app-secret-file FILE --smtp-password-file FILE";

impl Options {
    fn file_of(&self, name: &str) -> Option<&PathBuf> {
        match name {
            SMTP_PASSWORD => self.smtp_password_file.as_ref(),
            name if name.ends_with(".secret") => self.app_secret_file.as_ref(),
            _ => None,
        }
    }
}

impl From<DiagnosticList> for Error {
    fn from(problems: DiagnosticList) -> Self {
        Self::Refused(format!(
            "{problems}\nSee what is right: perennial check-config"
        ))
    }
}
