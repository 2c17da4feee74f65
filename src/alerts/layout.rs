//! The templates that letters are laid out by: the built-in ones, or an operator's own in their place. One of theirs
//! that fails is passed over for the built-in one, so that a letter leaves in any case, and what failed is kept.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};

use super::language::Language;
use super::letter::{Page, Words};

const TEXT: &str = "letter.txt";
const HTML: &str = "letter.html";

/// What a template may cost: many times what the built-in ones need for a long letter.
const FUEL: u64 = 500_000;

/// A letter beyond this is cut off by some mail programs.
const LONGEST: usize = 512 * 1024;

/// A template file is no larger.
const LARGEST_FILE: u64 = 256 * 1024;

/// How letters are laid out.
#[derive(Debug, Default)]
pub struct Layout {
    /// By file name, such as `letter.de.html`.
    own: HashMap<String, String>,
    fault: Mutex<Option<String>>,
}

#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    #[error("cannot be read: {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "holds no template: name one letter.txt or letter.html, or letter.de.html for German alone"
    )]
    Empty,
    #[error("{0} is larger than 256 KiB")]
    TooLarge(String),
    #[error("{name}: {}", in_words(source))]
    Template {
        name: String,
        source: minijinja::Error,
    },
    #[error("{0} makes a letter that is longer than 512 KiB")]
    TooLong(String),
}

/// The message of an error with what lies below it, on one line.
fn in_words(error: &minijinja::Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(below) = source {
        words = format!("{words}: {below}");
        source = below.source();
    }
    words.replace('\n', " ")
}

impl Layout {
    /// Takes in the templates of a folder; the built-in ones serve for those that are not there.
    pub fn of_folder(folder: &Path) -> Result<Self, LayoutError> {
        let mut own = HashMap::new();
        for name in Self::names() {
            if let Some(template) = read(&folder.join(&name), &name)? {
                own.insert(name, template);
            }
        }
        if own.is_empty() {
            // A folder that is not there says so itself.
            std::fs::read_dir(folder).map_err(|source| LayoutError::Unreadable {
                path: folder.to_owned(),
                source,
            })?;
            return Err(LayoutError::Empty);
        }
        Ok(Self {
            own,
            fault: Mutex::default(),
        })
    }

    fn names() -> impl Iterator<Item = String> {
        let codes = Language::ALL.iter().map(|language| language.code());
        let special = codes.flat_map(|code| [special(TEXT, code), special(HTML, code)]);
        [TEXT.to_owned(), HTML.to_owned()]
            .into_iter()
            .chain(special)
    }

    /// What is wrong with the operator's own templates, if one failed.
    pub fn fault(&self) -> Option<String> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.clone()
    }

    pub(super) fn note_fault(&self, fault: &LayoutError) {
        let words = format!("a letter template fails, and the built-in one is used: {fault}");
        let mut noted = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.as_ref() != Some(&words) {
            tracing::error!(template = %fault, "a letter template fails, and the built-in one is used");
            *noted = Some(words);
        }
    }

    /// Words that cannot be laid out still go out: the subject tells who must do what.
    pub(super) fn words(&self, page: &Page) -> Words {
        self.lay_out(page).unwrap_or_else(|fault| {
            tracing::error!(%fault, "a letter could not be laid out; its first words are sent alone");
            Words {
                text: format!("{}\n\n{}\n", page.subject, page.why),
                subject: page.subject.clone(),
                html: String::new(),
            }
        })
    }

    fn lay_out(&self, page: &Page) -> Result<Words, LayoutError> {
        Ok(Words {
            subject: page.subject.clone(),
            text: self.part(TEXT, include_str!("letters/letter.txt"), page)?,
            html: self.part(HTML, include_str!("letters/letter.html"), page)?,
        })
    }

    fn part(&self, name: &str, built_in: &'static str, page: &Page) -> Result<String, LayoutError> {
        match self.own_part(name, page) {
            Some(Ok(part)) => return Ok(part),
            Some(Err(fault)) => self.note_fault(&fault),
            None => {}
        }
        render(name, built_in, page)
    }

    /// By the operator's own template, if there is one for this language or for all.
    fn own_part(&self, name: &str, page: &Page) -> Option<Result<String, LayoutError>> {
        let names = [special(name, page.language), name.to_owned()];
        let (name, template) = names.iter().find_map(|name| self.own.get_key_value(name))?;
        Some(render(name, template, page))
    }

    /// What the operator's own templates make of a page fails, or not.
    pub(super) fn try_own(&self, page: &Page) -> Result<(), LayoutError> {
        let parts = [TEXT, HTML].into_iter();
        parts
            .filter_map(|name| self.own_part(name, page))
            .try_for_each(|part| part.map(drop))
    }
}

/// `letter.html` for German is `letter.de.html`.
fn special(name: &str, code: &str) -> String {
    name.replace("letter.", &format!("letter.{code}."))
}

fn read(path: &Path, name: &str) -> Result<Option<String>, LayoutError> {
    let unreadable = |source| LayoutError::Unreadable {
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
        return Err(LayoutError::TooLarge(name.to_owned()));
    }
    let text = String::from_utf8(bytes);
    text.map(Some)
        .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))
}

/// What is not there is an error, HTML is escaped by the file's name, and nothing runs for ever.
fn render(name: &str, template: &str, page: &Page) -> Result<String, LayoutError> {
    let rendered = rendered(name, template, page).map_err(|source| LayoutError::Template {
        name: name.to_owned(),
        source,
    })?;
    if rendered.len() > LONGEST {
        return Err(LayoutError::TooLong(name.to_owned()));
    }
    Ok(rendered)
}

fn rendered(name: &str, template: &str, page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
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

    fn page(language: &'static str) -> Page {
        Page {
            language,
            subject: "Log in".to_owned(),
            headline: "Log in, <b>".to_owned(),
            why: "Because.".to_owned(),
            ..Page::default()
        }
    }

    #[test]
    fn an_operator_s_own_template_takes_the_place_of_the_built_in_one() {
        let folder = folder(&[
            ("letter.txt", "Dear all: {{ headline }}"),
            ("letter.de.html", "<i>{{ headline }}</i>"),
        ]);
        let layout = Layout::of_folder(folder.path()).unwrap();
        let english = layout.lay_out(&page("en")).unwrap();
        assert_eq!(english.text, "Dear all: Log in, <b>");
        assert!(english.html.contains("<h1"), "the built-in one");
        let german = layout.lay_out(&page("de")).unwrap();
        assert_eq!(german.text, english.text);
        assert_eq!(german.html, "<i>Log in, &lt;b&gt;</i>");
        assert_eq!(layout.fault(), None);
    }

    #[test]
    fn one_that_fails_gives_way_to_the_built_in_one_and_is_told_of() {
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
            let folder = folder(&[("letter.html", template)]);
            let layout = Layout::of_folder(folder.path()).unwrap();
            let words = layout.lay_out(&page("en")).unwrap();
            assert_eq!(words, Layout::default().lay_out(&page("en")).unwrap());
            let fault = layout.fault().unwrap();
            assert!(
                fault.contains(reason) && fault.contains("letter.html"),
                "{fault}"
            );
            assert!(layout.try_own(&page("en")).is_err());
        }
    }

    #[test]
    fn a_folder_without_templates_is_a_mistake() {
        let empty = folder(&[("lettre.txt", "misspelt")]);
        assert!(matches!(
            Layout::of_folder(empty.path()),
            Err(LayoutError::Empty)
        ));
        let gone = empty.path().join("gone");
        assert!(matches!(
            Layout::of_folder(&gone),
            Err(LayoutError::Unreadable { .. })
        ));
        let huge = folder(&[("letter.txt", &"x".repeat(300 * 1024))]);
        assert!(matches!(
            Layout::of_folder(huge.path()),
            Err(LayoutError::TooLarge(_))
        ));
        let endless = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", endless.path().join("letter.txt")).unwrap();
        assert!(matches!(
            Layout::of_folder(endless.path()),
            Err(LayoutError::TooLarge(_))
        ));
    }
}
