//! Facts become subject, text and HTML. Pure; what others named is cleaned and escaped here.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::policy::{self, Occasion};
use super::steps::{self, Step};
use super::{phrases, words};
use crate::inventory::Incident;
use crate::token::{Cause, Health, Kind, Token};

/// How many addresses are named as having got the letter.
const NAMED_RECIPIENTS: usize = 20;

/// What a letter about an incident is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct LetterFacts<'a> {
    pub(super) incident: &'a Incident,
    pub(super) occasion: Occasion,
    /// Those to name.
    pub(super) tokens: &'a [Token],
    /// How many there are.
    pub(super) count: u64,
    pub(super) recipients: &'a [String],
    pub(super) operators: &'a [String],
    /// Where the person can log in at once, if there is such a place.
    pub(super) login_link: Option<&'a str>,
    /// When the first of the tokens died.
    pub(super) broken_since: Option<Timestamp>,
    pub(super) next_letter: Option<Timestamp>,
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
}

/// A letter in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    /// Empty when there is only text.
    pub(super) html: String,
}

/// What both templates show.
#[derive(Debug, Serialize)]
struct Page {
    subject: String,
    colour: &'static str,
    label: String,
    headline: String,
    about: String,
    why: String,
    steps: Vec<Step>,
    otherwise_title: &'static str,
    otherwise: String,
    tokens: Vec<Row>,
    count: String,
    more: Option<String>,
    footer: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    title: String,
    detail: String,
}

/// Of a bar that stands out on white as on black; all else has the reader's own colours, dark or light.
const RED: &str = "#dc4437";
const AMBER: &str = "#c27a10";
const GREEN: &str = "#23904c";

pub(super) fn compose(facts: &LetterFacts<'_>) -> Result<Words, minijinja::Error> {
    lay_out(&page(facts))
}

/// The subject alone, for when the rest fails.
pub(super) fn bare(facts: &LetterFacts<'_>) -> Words {
    let subject = subject(facts);
    Words {
        text: format!("{subject}\n\nIncident {}\n", facts.incident.id.0),
        subject,
        html: String::new(),
    }
}

/// A letter that asks for nothing, to try the mail path.
pub(super) fn for_trying(zone: &TimeZone, now: Timestamp) -> Words {
    let written = words::moment(now, zone);
    Words {
        subject: "Perennial can reach you by mail".to_owned(),
        text: format!(
            "This is a test letter, asked for with `perennial mail-test` and written on {written}.\n\n\
             That you read it shows that letters about tokens will arrive too. Nothing needs to be done.\n"
        ),
        html: String::new(),
    }
}

fn lay_out(page: &Page) -> Result<Words, minijinja::Error> {
    let mut layout = Environment::new();
    layout.set_undefined_behavior(UndefinedBehavior::Strict);
    layout.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    layout.add_template("letter.txt", include_str!("letters/letter.txt"))?;
    layout.add_template("letter.html", include_str!("letters/letter.html"))?;
    let shown = Value::from(Serde(page));
    Ok(Words {
        subject: page.subject.clone(),
        text: layout.get_template("letter.txt")?.render(shown.clone())?,
        html: layout.get_template("letter.html")?.render(shown)?,
    })
}

fn page(facts: &LetterFacts<'_>) -> Page {
    let unnamed = facts.count.saturating_sub(facts.tokens.len() as u64);
    Page {
        subject: subject(facts),
        colour: colour(facts),
        label: phrases::label(facts),
        headline: phrases::action(facts),
        about: about(facts),
        why: phrases::why(facts),
        steps: steps::steps(facts),
        otherwise_title: phrases::otherwise_title(facts),
        otherwise: phrases::otherwise(facts),
        tokens: facts.tokens.iter().map(|token| row(token, facts)).collect(),
        count: words::count(facts.count),
        more: (unnamed > 0).then(|| format!("and {} more", words::count(unnamed))),
        footer: footer(facts),
    }
}

/// Who must do what by when, in one line.
fn subject(facts: &LetterFacts<'_>) -> String {
    let (action, about) = (phrases::action(facts), about(facts));
    let is_over = matches!(facts.occasion, Occasion::Recovered | Occasion::Withdrawn);
    let line = if facts.is_about_the_app() && !is_over {
        format!("App {}: {action}", facts.incident.story.app)
    } else {
        format!("{action}: {about}")
    };
    match facts.occasion {
        Occasion::Nearer | Occasion::Reminder => format!("Reminder: {line}"),
        Occasion::First | Occasion::Ended | Occasion::Recovered | Occasion::Withdrawn => line,
    }
}

/// `Maria Schmidt, 12 tokens of acme`
fn about(facts: &LetterFacts<'_>) -> String {
    let app = &facts.incident.story.app;
    if facts.is_about_the_app() {
        return format!("app {app}");
    }
    let tokens = match facts.tokens {
        [only] if facts.count == 1 => named(only, facts),
        _ if facts.count == 0 => format!("tokens of {app}"),
        _ => format!("{} tokens of {app}", words::count(facts.count)),
    };
    match facts.person_name() {
        Some(person) => format!("{person}, {tokens}"),
        None => tokens,
    }
}

/// A single token by the name that says most to whoever reads the subject.
fn named(token: &Token, facts: &LetterFacts<'_>) -> String {
    match title(token) {
        Some(title) if Some(&title) != facts.person_name().as_ref() => {
            format!("{title} ({})", token.name)
        }
        Some(_) | None => token.name.clone(),
    }
}

/// The page's or the person's name, where it says more than the token's.
fn title(token: &Token) -> Option<String> {
    let title = token.subject_name.as_deref().map(words::name);
    title.filter(|title| !title.is_empty() && *title != token.name)
}

fn colour(facts: &LetterFacts<'_>) -> &'static str {
    match facts.occasion {
        Occasion::Recovered | Occasion::Withdrawn => GREEN,
        Occasion::First | Occasion::Nearer | Occasion::Ended | Occasion::Reminder => {
            if policy::is_coming(facts.cause()) || facts.cause() == Cause::PermissionMissing {
                AMBER
            } else {
                RED
            }
        }
    }
}

fn row(token: &Token, facts: &LetterFacts<'_>) -> Row {
    let title = title(token);
    let name = title.is_some().then(|| token.name.clone());
    let kind = kind(token).map(|kind| kind_words(kind).to_owned());
    let note = Some(note(token, facts)).filter(|note| !note.is_empty());
    let detail = [name, kind, note];
    Row {
        title: title.unwrap_or_else(|| token.name.clone()),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "user token",
        Kind::Page => "page token",
        Kind::SystemUser => "system user token",
        Kind::App => "app token",
    }
}

/// How this one token is doing.
fn note(token: &Token, facts: &LetterFacts<'_>) -> String {
    let at = |when| words::short_moment(when, facts.zone);
    match token.health {
        Health::Dead { since, .. } => format!("not working since {}", at(since)),
        Health::Failing { .. } => "could not be checked just now".to_owned(),
        Health::Expiring { .. } => match token.deadline() {
            Some(end) if end <= facts.now => format!("ended {}", at(end)),
            Some(end) => format!("ends {}", at(end)),
            None => String::new(),
        },
        Health::Healthy | Health::Unverified => note_on_living(token, facts),
    }
}

fn note_on_living(token: &Token, facts: &LetterFacts<'_>) -> String {
    let missing = token.missing_scopes();
    if !missing.is_empty() {
        let missing: Vec<_> = missing.iter().map(str::to_owned).collect();
        return format!("lacks {}", words::all_of(&missing));
    }
    match token.deadline() {
        Some(end) => format!("good until {}", words::date(end, facts.zone)),
        None => "good without an end".to_owned(),
    }
}

fn footer(facts: &LetterFacts<'_>) -> Vec<String> {
    let incident = facts.incident;
    vec![
        recipients(facts.recipients),
        format!(
            "Incident {} of app {}, opened on {}.",
            incident.id.0,
            incident.story.app,
            words::moment(incident.opened_at, facts.zone)
        ),
    ]
}

/// Everybody sees who else knows.
fn recipients(all: &[String]) -> String {
    let named: Vec<String> = all.iter().take(NAMED_RECIPIENTS).cloned().collect();
    let unnamed = all.len() - named.len();
    match (all, unnamed) {
        ([only], _) => format!("This letter went to {only} and to nobody else."),
        (_, 0) => format!("This letter went to {}.", words::all_of(&named)),
        _ => format!(
            "This letter went to {} and {unnamed} more.",
            named.join(", ")
        ),
    }
}

impl LetterFacts<'_> {
    pub(super) const fn cause(&self) -> Cause {
        self.incident.cause
    }

    pub(super) const fn is_about_the_app(&self) -> bool {
        policy::is_about_the_app(self.incident.story.cause)
    }

    pub(super) fn person_name(&self) -> Option<String> {
        let name = self.incident.subject_name.as_deref().map(words::name);
        name.filter(|name| !name.is_empty())
    }

    /// Whom the tokens hang on, to stand within a sentence.
    pub(super) fn person(&self) -> String {
        let subject = &self.incident.story.subject;
        match self.person_name() {
            Some(name) if self.is_of_a_system_user() => format!("the system user {name}"),
            Some(name) => name,
            None if self.is_of_a_system_user() => "the system user".to_owned(),
            None if subject.is_empty() => "whoever gave it".to_owned(),
            None => format!("the person with Facebook id {}", words::name(subject)),
        }
    }

    pub(super) fn is_of_a_system_user(&self) -> bool {
        let mut kinds = self.tokens.iter().filter_map(kind);
        kinds.any(|kind| kind == Kind::SystemUser)
    }

    /// `this token`, or `these 12 tokens`
    pub(super) fn these(&self) -> String {
        match self.count {
            1 => "this token".to_owned(),
            many => format!("these {} tokens", words::count(many)),
        }
    }

    pub(super) fn these_pages(&self) -> String {
        match self.count {
            1 => "this page".to_owned(),
            many => format!("these {} pages", words::count(many)),
        }
    }

    /// The end that is still to come, where the incident is about one.
    pub(super) fn coming_end(&self) -> Option<Timestamp> {
        let end = self.incident.deadline.filter(|end| *end > self.now);
        end.filter(|_| policy::is_coming(self.cause()))
    }

    /// The token that a new one is to replace: the one that the others hang on, if there is only one such.
    pub(super) fn name_to_replace(&self) -> String {
        let stems: Vec<_> = self
            .tokens
            .iter()
            .filter(|t| kind(t) != Some(Kind::Page))
            .collect();
        match stems.as_slice() {
            [stem] => stem.name.clone(),
            [] | [_, _, ..] => self.only_name(),
        }
    }

    /// The name of the token, if it is only one.
    pub(super) fn only_name(&self) -> String {
        match self.tokens {
            [only] if self.count == 1 => only.name.clone(),
            _ => "NAME".to_owned(),
        }
    }
}

pub(super) fn kind(token: &Token) -> Option<Kind> {
    token.facts.as_ref().map(|facts| facts.kind)
}

#[cfg(test)]
mod tests;
