//! A machine that has its configuration: what that names and nobody has put there is added, and nothing else touched.

use std::path::PathBuf;

use super::{Options, say_how_to_start};
use crate::cli::secrets;
use crate::cli::text::all_of;
use crate::cli::{Answer, Failure, Screen};
use crate::config::{
    self, Credentials, Home, INVENTORY_KEY, Machine, Problems, SMTP_PASSWORD, credentials_named,
};
use crate::secret::Secret;
use crate::setup::{self, NamedSecret, Places};

pub(super) fn run(
    places: &Places,
    options: &Options,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let config = places.config.display();
    screen.say(&format!("{config} is there already, and stays as it is."))?;
    let missing = missing(places)?;
    add(&missing, places, options, screen)?;
    let machine = Machine {
        credentials: Credentials::Directory(places.credentials()),
        ..Machine::here()
    };
    if let Err(problems) = config::check(&places.config, &machine) {
        screen.say(&problems.to_string())?;
        screen.note("Until that is put right, the daemon does not start: perennial check-config");
        return Ok(Answer::No);
    }
    if missing.is_empty() {
        screen.say("Everything is in its place; nothing was changed.")?;
    }
    say_how_to_start(places, "APP", screen)?;
    Ok(Answer::Yes)
}

/// Those whose files are not there. What a trial's configuration names are files already.
fn missing(places: &Places) -> Result<Vec<String>, Failure> {
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
    screen: &mut Screen,
) -> Result<(), Failure> {
    let can_ask = screen.is_attended() && !options.yes;
    let unanswered =
        |name: &&String| *name != INVENTORY_KEY && !can_ask && options.file_of(name).is_none();
    let unanswered: Vec<String> = missing.iter().filter(unanswered).cloned().collect();
    if !unanswered.is_empty() {
        return Err(Failure::Usage(format!(
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
        screen.say(&format!("Added {}{}", path.display(), super::remark(&path)))?;
    }
    Ok(())
}

fn secret(name: &str, options: &Options) -> Result<Secret, Failure> {
    match options.file_of(name) {
        Some(file) => secrets::from_file(file),
        None => secrets::prompt(&format!("The secret called {name}"), INSTEAD),
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

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Refused(format!(
            "{problems}\nSee what is right: perennial check-config"
        ))
    }
}
