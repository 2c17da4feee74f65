//! The interview: each question with its default.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use super::Options;
use super::completing::INSTEAD;
use super::question_texts::{
    APP_ID, APP_NAME, COMPANY, CONTACT, MAIL_FROM, MAIL_TO, MAIL_WAY, PUBLIC_URL, Question,
};
use super::unattended::usual_name;
use crate::cli::secret_input;
use crate::cli::{Error, Result, Terminal};
use crate::config::{
    MailTransport, SMTP_PASSWORD, Template, WEBHOOK_VERIFY, secret_of, validators,
};
use crate::secret::{Secret, random_id};
use crate::setup::{NamedSecret, Places};

/// What the questions need.
pub(super) struct Answers {
    pub(super) template: Template,
    pub(super) secrets: Vec<NamedSecret>,
}

/// Reads a secret from a prompt.
pub(super) type Prompt<'a> = &'a mut dyn FnMut(&str) -> Result<Secret>;

struct Interview<'a> {
    options: &'a Options,
    places: &'a Places,
    terminal: &'a mut Terminal,
    prompt: Prompt<'a>,
}

impl Answers {
    /// Asks for the app's secret once more; whether there is another one now. One that is in a file is put right there.
    pub(super) fn retype_app_secret(
        &mut self,
        options: &Options,
        places: &Places,
        terminal: &mut Terminal,
        prompt: Prompt<'_>,
    ) -> Result<bool> {
        let name = secret_of(&self.template.app);
        let asks = terminal.is_interactive() && !options.yes;
        if !asks || options.app_secret_file.is_some() || places.credential(&name).exists() {
            return Ok(false);
        }
        let typed = prompt("The app's secret once more, or Enter to keep it")?;
        if typed.is_empty() {
            return Ok(false);
        }
        let secrets = self.secrets.iter_mut();
        for secret in secrets.filter(|secret| secret.name == name) {
            secret.value = typed.clone();
        }
        Ok(true)
    }

    pub(super) fn collect(
        options: &Options,
        places: &Places,
        terminal: &mut Terminal,
    ) -> Result<Self> {
        let asks = terminal.is_interactive() && !options.yes;
        if !asks {
            options.refuse_missing(places)?;
        } else {
            terminal.warn("Press Enter for the value in brackets, or type ? for help. Nothing is written until the \
                           end.\n");
        }
        let mut prompt = |question: &str| secret_input::prompt(question, INSTEAD);
        Interview {
            options,
            places,
            terminal,
            prompt: &mut prompt,
        }
        .conduct()
    }
}

impl Interview<'_> {
    fn conduct(mut self) -> Result<Answers> {
        let mut secrets = Vec::new();
        let to = self.mail_to()?;
        let app = self.app_name(&usual_name(&to))?;
        let app_id = self.app_id()?;
        secrets.push(self.app_secret(&app)?);
        let from = self.mail_from(&to)?;
        let company = self.company()?;
        let contact = self.contact(&to)?;
        let way = self.mail_transport(&mut secrets)?;
        let public_url = self.public_url()?;
        if public_url.is_some() {
            secrets.push(verify_token()?);
        }
        let template = Template {
            app,
            app_id,
            graph_url: self.options.graph_url.clone(),
            dialog_url: self.options.dialog_url.clone(),
            timezone: self.options.timezone.clone(),
            from,
            company,
            contact,
            to,
            way,
            public_url,
        };
        Ok(Answers { template, secrets })
    }

    fn app_name(&mut self, usual: &str) -> Result<String> {
        let known = self.options.app_name.clone();
        self.answer(known, &APP_NAME, Some(usual), validators::app_name)
    }

    fn app_id(&mut self) -> Result<String> {
        let known = self.options.app_id.clone();
        self.answer(known, &APP_ID, None, validators::app_id)
    }

    fn app_secret(&mut self, app: &str) -> Result<NamedSecret> {
        let file = self.options.app_secret_file.clone();
        let question = "The app's secret, from the same page of the dashboard";
        self.secret(secret_of(app), file.as_deref(), question)
    }

    fn mail_to(&mut self) -> Result<Vec<String>> {
        let known = Some(self.options.mail_to.clone()).filter(|to| !to.is_empty());
        self.answer(known, &MAIL_TO, None, |typed| {
            let addresses = typed.split([',', ' ']).filter(|word| !word.is_empty());
            addresses.map(validators::address).collect()
        })
    }

    fn mail_from(&mut self, to: &[String]) -> Result<String> {
        let domain = to.first().and_then(|to| to.rsplit('@').next());
        let usual = format!("Perennial <perennial@{}>", domain.unwrap_or("localhost"));
        let known = self.options.mail_from.clone();
        self.answer(known, &MAIL_FROM, Some(&usual), validators::sender)
    }

    /// Nothing is an answer, too.
    fn company(&mut self) -> Result<Option<String>> {
        let known = self.options.company.clone();
        let company = self.answer(known, &COMPANY, Some(""), |typed| match typed {
            "" => Ok(String::new()),
            typed => validators::one_line(typed),
        })?;
        Ok(Some(company).filter(|company| !company.is_empty()))
    }

    /// Nothing is an answer, too.
    fn public_url(&mut self) -> Result<Option<String>> {
        let known = self.options.public_url.clone();
        let url = self.answer(known, &PUBLIC_URL, Some(""), |typed| match typed {
            "" => Ok(String::new()),
            typed => validators::public_url(typed),
        })?;
        Ok(Some(url).filter(|url| !url.is_empty()))
    }

    fn contact(&mut self, to: &[String]) -> Result<Option<String>> {
        let known = self.options.contact.clone();
        let usual = to.first().map(String::as_str);
        let contact = self.answer(known, &CONTACT, usual, validators::one_line)?;
        Ok(Some(contact))
    }

    fn mail_transport(&mut self, secrets: &mut Vec<NamedSecret>) -> Result<MailTransport> {
        let way = match self.options.way()? {
            Some(way) => way,
            None => {
                let usual = has_local_server().then_some("smtp://localhost");
                self.answer(None, &MAIL_WAY, usual, way_of)?
            }
        };
        let MailTransport::Smtp { url, .. } = way else {
            return Ok(way);
        };
        let user = validators::user_of(&url);
        if let Some(user) = &user {
            let file = self.options.smtp_password_file.clone();
            let question = format!("The password of {user} there");
            secrets.push(self.secret(SMTP_PASSWORD.to_owned(), file.as_deref(), &question)?);
        }
        let has_password = user.is_some();
        Ok(MailTransport::Smtp { url, has_password })
    }

    /// Asks for a secret, unless its file is already in place.
    fn secret(&mut self, name: String, file: Option<&Path>, question: &str) -> Result<NamedSecret> {
        let place = self.places.credential(&name);
        let value = if place.exists() {
            self.terminal
                .warn(&format!("{} already exists and is kept.", place.display()));
            secret_input::from_file(&place)?
        } else if let Some(file) = file {
            secret_input::from_file(file)?
        } else {
            loop {
                let typed = (self.prompt)(question)?;
                if !typed.is_empty() {
                    break typed;
                }
                self.terminal.warn("Nothing was typed.");
            }
        };
        Ok(NamedSecret { name, value })
    }

    /// Returns the value of the option, or asks until the typed value is valid.
    fn answer<T>(
        &mut self,
        known: Option<T>,
        question: &Question,
        usual: Option<&str>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        if let Some(known) = known {
            return Ok(known);
        }
        let asks = self.terminal.is_interactive() && !self.options.yes;
        let shown = usual.filter(|usual| !usual.is_empty());
        let brackets = shown.map(|usual| format!(" [{usual}]")).unwrap_or_default();
        loop {
            let typed = if asks {
                let asked = format!("{}{brackets}", question.text);
                self.terminal.ask(&asked).ok_or_else(cut_off)?
            } else {
                String::new()
            };
            let meant = match (typed.as_str(), usual) {
                ("", Some(usual)) => usual,
                ("" | "?", _) => {
                    self.terminal.warn(question.help);
                    continue;
                }
                (typed, _) => typed,
            };
            match parse(meant) {
                Ok(answer) => return Ok(answer),
                Err(why) => self.terminal.warn(&format!("That {why}.")),
            }
        }
    }
}

/// Meta repeats it when the webhook is set up. Nobody needs to choose it.
fn verify_token() -> Result<NamedSecret> {
    let refused = |error: crate::secret::KeyError| Error::Refused(error.to_string());
    Ok(NamedSecret {
        name: WEBHOOK_VERIFY.to_owned(),
        value: random_id().map_err(refused)?,
    })
}

fn cut_off() -> Error {
    Error::Usage(
        "Standard input ended before all questions were answered; nothing was written. For scripts, each question has \
         an option: perennial setup --help"
            .to_owned(),
    )
}

impl Options {
    fn way(&self) -> Result<Option<MailTransport>> {
        if let Some(folder) = &self.mail_directory {
            let folder = std::path::absolute(folder)?;
            return Ok(Some(MailTransport::Directory(folder)));
        }
        let smtp = self.smtp_url.clone().map(smtp);
        Ok(smtp.or(self.sendmail.then_some(MailTransport::Sendmail)))
    }
}

fn way_of(typed: &str) -> Result<MailTransport, String> {
    if typed.starts_with('/') {
        return Ok(MailTransport::Directory(typed.into()));
    }
    validators::mail_server(typed).map(smtp)
}

fn smtp(url: String) -> MailTransport {
    MailTransport::Smtp {
        url,
        has_password: false,
    }
}

/// Whether this machine has a local mail server.
fn has_local_server() -> bool {
    let here = SocketAddr::from(([127, 0, 0, 1], 25));
    TcpStream::connect_timeout(&here, Duration::from_millis(300)).is_ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The result of the interview when a person types these answers.
    pub(in crate::cli::commands::setup) fn interviewed(
        options: &Options,
        typed: &'static str,
    ) -> (Result<Answers>, String) {
        let (mut terminal, _, err) = Terminal::on_paper(Some(typed));
        let folder = tempfile::tempdir().unwrap();
        let answers = Interview {
            options,
            places: &Places::below(folder.path()),
            terminal: &mut terminal,
            prompt: &mut |_| Ok(Secret::new("typed")),
        }
        .conduct();
        (answers, err.text())
    }
}
