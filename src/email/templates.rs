//! The templates of emails: the built-in ones, or the operator's own. If one of the operator's fails, the built-in one
//! is used so that the email is sent anyway, and the error is kept for the status.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};

use super::model::{EmailModel, RenderedEmail};
use super::sender::Sender;
use super::text::Language;
use crate::look::{self, Tone};

const TEXT: &str = "email.txt";
const HTML: &str = "email.html";

/// The limit on a template's work: many times what the built-in ones need for a long email.
const FUEL: u64 = 500_000;

/// Some mail programs cut off longer emails.
const LONGEST: usize = 512 * 1024;

/// The size limit of a template file.
const LARGEST_FILE: u64 = 256 * 1024;

/// The templates in use.
#[derive(Debug, Default)]
pub struct Templates {
    /// The operator's templates by file name, such as `email.de.html`.
    own: HashMap<String, String>,
    sender: Sender,
    error: Mutex<Option<String>>,
}

#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("cannot be read: {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "holds no template: name one email.txt or email.html, or email.de.html for German only"
    )]
    Empty,
    #[error("{0} is larger than 256 KiB")]
    TooLarge(String),
    #[error("{name}: {}", describe(source))]
    Template {
        name: String,
        source: minijinja::Error,
    },
    #[error("{0} makes an email longer than 512 KiB")]
    TooLong(String),
}

/// The error message with its sources, on one line.
fn describe(error: &minijinja::Error) -> String {
    let mut rendered = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(below) = source {
        rendered = format!("{rendered}: {below}");
        source = below.source();
    }
    rendered.replace('\n', " ")
}

impl Templates {
    /// Reads the templates of a folder. The built-in ones are used for those that are missing.
    pub fn of_folder(folder: &Path) -> Result<Self, TemplateError> {
        let mut own = HashMap::new();
        for name in Self::names() {
            if let Some(template) = read(&folder.join(&name), &name)? {
                own.insert(name, template);
            }
        }
        if own.is_empty() {
            // If the folder does not exist, this error says so.
            std::fs::read_dir(folder).map_err(|source| TemplateError::Unreadable {
                path: folder.to_owned(),
                source,
            })?;
            return Err(TemplateError::Empty);
        }
        Ok(Self {
            own,
            ..Self::default()
        })
    }

    pub const fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The same for emails of this company.
    #[must_use]
    pub fn of_sender(self, sender: Sender) -> Self {
        Self { sender, ..self }
    }

    fn names() -> impl Iterator<Item = String> {
        let codes = Language::ALL.iter().map(|language| language.code());
        let special = codes.flat_map(|code| [special(TEXT, code), special(HTML, code)]);
        [TEXT.to_owned(), HTML.to_owned()]
            .into_iter()
            .chain(special)
    }

    /// The error of the operator's templates, if one failed.
    pub fn error(&self) -> Option<String> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.clone()
    }

    pub(crate) fn record_error(&self, error: &TemplateError) {
        let rendered = format!("an email template failed, using the built-in one: {error}");
        let mut noted = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.as_ref() != Some(&rendered) {
            tracing::error!(template = %error, "an email template failed, using the built-in one");
            *noted = Some(rendered);
        }
    }

    /// Renders an email. If that fails, it is sent as plain text anyway, because its subject says who must do what.
    pub(crate) fn render_email(&self, page: &EmailModel) -> RenderedEmail {
        self.render(page).unwrap_or_else(|error| {
            tracing::error!(%error, "could not render an email; sending only its subject and cause");
            RenderedEmail {
                text: format!("{}\n\n{}\n", page.subject, page.why),
                subject: page.subject.clone(),
                html: String::new(),
            }
        })
    }

    fn render(&self, page: &EmailModel) -> Result<RenderedEmail, TemplateError> {
        Ok(RenderedEmail {
            subject: page.subject.clone(),
            text: self.part(TEXT, include_str!("templates/email.txt"), page)?,
            html: self.part(HTML, include_str!("templates/email.html"), page)?,
        })
    }

    fn part(
        &self,
        name: &str,
        built_in: &'static str,
        page: &EmailModel,
    ) -> Result<String, TemplateError> {
        match self.own_part(name, page) {
            Some(Ok(part)) => return Ok(part),
            Some(Err(error)) => self.record_error(&error),
            None => {}
        }
        render(name, built_in, &self.sender, page)
    }

    /// Renders with the operator's template for this language or for all, if there is one.
    fn own_part(&self, name: &str, page: &EmailModel) -> Option<Result<String, TemplateError>> {
        let names = [special(name, page.language), name.to_owned()];
        let (name, template) = names.iter().find_map(|name| self.own.get_key_value(name))?;
        Some(render(name, template, &self.sender, page))
    }

    /// Tries the operator's templates on a page.
    pub(crate) fn try_own(&self, page: &EmailModel) -> Result<(), TemplateError> {
        let parts = [TEXT, HTML].into_iter();
        parts
            .filter_map(|name| self.own_part(name, page))
            .try_for_each(|part| part.map(drop))
    }
}

/// The German `email.html` is `email.de.html`.
fn special(name: &str, code: &str) -> String {
    name.replace("email.", &format!("email.{code}."))
}

fn read(path: &Path, name: &str) -> Result<Option<String>, TemplateError> {
    let unreadable = |source| TemplateError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    let read = file.take(LARGEST_FILE + 1).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(TemplateError::TooLarge(name.to_owned()));
    }
    let text = String::from_utf8(bytes);
    text.map(Some)
        .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))
}

/// Undefined values are errors, the file name decides on HTML escaping, and the work is limited.
fn render(
    name: &str,
    template: &str,
    sender: &Sender,
    page: &EmailModel,
) -> Result<String, TemplateError> {
    let rendered =
        render_email(name, template, sender, page).map_err(|source| TemplateError::Template {
            name: name.to_owned(),
            source,
        })?;
    if rendered.len() > LONGEST {
        return Err(TemplateError::TooLong(name.to_owned()));
    }
    Ok(rendered)
}

/// The class of a color in the built-in template, which gives it its dark color.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a template function owns its arguments"
)]
fn tone(color: String) -> &'static str {
    Tone::of_color(&color).name()
}

/// What templates can use besides the values of the email.
fn add_globals(environment: &mut Environment<'_>, sender: &Sender, language: &str) {
    let language = Language::of_code(language).unwrap_or_default();
    let about_sender = sender.lines(language);
    environment.add_global("company", sender.company.as_str());
    environment.add_global("contact", sender.contact.as_str());
    environment.add_global("about_sender", Value::from(Serde(about_sender)));
    environment.add_global("light", Value::from(Serde(look::light())));
    environment.add_global("dark", Value::from(Serde(look::dark())));
    environment.add_function("tone", tone);
}

fn render_email(
    name: &str,
    template: &str,
    sender: &Sender,
    page: &EmailModel,
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    add_globals(&mut environment, sender, page.language);
    environment.add_template(name, template)?;
    environment
        .get_template(name)?
        .render(Value::from(Serde(page)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn page(language: &'static str) -> EmailModel {
        EmailModel {
            language,
            subject: "Log in".to_owned(),
            headline: "Log in, <b>".to_owned(),
            why: "Because.".to_owned(),
            ..EmailModel::default()
        }
    }

    #[test]
    fn an_operator_s_own_template_takes_the_place_of_the_built_in_one() {
        let folder = folder(&[
            ("email.txt", "Dear all: {{ headline }}"),
            ("email.de.html", "<i>{{ headline }}</i>"),
        ]);
        let templates = Templates::of_folder(folder.path()).unwrap();
        let english = templates.render(&page("en")).unwrap();
        assert_eq!(english.text, "Dear all: Log in, <b>");
        assert!(english.html.contains("<h1"), "the built-in one");
        let german = templates.render(&page("de")).unwrap();
        assert_eq!(german.text, english.text);
        assert_eq!(german.html, "<i>Log in, &lt;b&gt;</i>");
        assert_eq!(templates.error(), None);
    }

    #[test]
    fn one_that_fails_is_replaced_by_the_built_in_one_and_reported() {
        for (template, reason) in [
            ("{{ headlin }}", "undefined value"),
            ("{% if %}", "syntax error"),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
                "fuel",
            ),
            (
                "{% for a in range(9999) %}{{ '0123456789' * 10 }}{% endfor %}",
                "512 KiB",
            ),
        ] {
            let folder = folder(&[("email.html", template)]);
            let templates = Templates::of_folder(folder.path()).unwrap();
            let rendered = templates.render(&page("en")).unwrap();
            assert_eq!(rendered, Templates::default().render(&page("en")).unwrap());
            let error = templates.error().unwrap();
            assert!(
                error.contains(reason) && error.contains("email.html"),
                "{error}"
            );
            assert!(templates.try_own(&page("en")).is_err());
        }
    }

    #[test]
    fn a_folder_without_templates_is_a_mistake() {
        let empty = folder(&[("lettre.txt", "misspelt")]);
        assert!(matches!(
            Templates::of_folder(empty.path()),
            Err(TemplateError::Empty)
        ));
        let gone = empty.path().join("gone");
        assert!(matches!(
            Templates::of_folder(&gone),
            Err(TemplateError::Unreadable { .. })
        ));
        let huge = folder(&[("email.txt", &"x".repeat(300 * 1024))]);
        assert!(matches!(
            Templates::of_folder(huge.path()),
            Err(TemplateError::TooLarge(_))
        ));
        let endless = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", endless.path().join("email.txt")).unwrap();
        assert!(matches!(
            Templates::of_folder(endless.path()),
            Err(TemplateError::TooLarge(_))
        ));
    }
}
