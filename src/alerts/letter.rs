//! Facts become subject, text and HTML. Pure; what others named is cleaned and escaped here.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::facts::LetterFacts;
use super::policy::{self, Occasion};
use super::rows::{self, Row};
use super::steps::{self, Step};
use super::{phrases, words};
use crate::token::Cause;

/// How many addresses are named as having got the letter.
const NAMED_RECIPIENTS: usize = 20;

/// A letter in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    /// Empty when there is only text.
    pub(super) html: String,
}

/// What both templates show.
#[derive(Debug, Default, Serialize)]
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

/// A letter that asks for nothing, laid out like any other, to try the mail path.
pub(super) fn for_trying(zone: &TimeZone, now: Timestamp) -> Words {
    let page = Page {
        subject: "Perennial can reach you by mail".to_owned(),
        colour: GREEN,
        label: "Test letter".to_owned(),
        headline: "Perennial can reach you by mail".to_owned(),
        about: "Nothing needs to be done.".to_owned(),
        why: "That you read this shows that letters about tokens will arrive, too.".to_owned(),
        footer: vec![format!(
            "Asked for with perennial mail-test on {}.",
            words::moment(now, zone)
        )],
        ..Page::default()
    };
    lay_out(&page).unwrap_or_else(|_| Words {
        text: page.why,
        subject: page.subject,
        html: String::new(),
    })
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
        tokens: rows::rows(facts),
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
        [only] if facts.count == 1 => rows::named(only, facts),
        _ if facts.count == 0 => format!("tokens of {app}"),
        _ => format!("{} tokens of {app}", words::count(facts.count)),
    };
    match facts.person_name() {
        Some(person) => format!("{person}, {tokens}"),
        None => tokens,
    }
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
    let named = all.iter().take(NAMED_RECIPIENTS).map(|to| words::line(to));
    let named: Vec<String> = named.collect();
    let unnamed = all.len() - named.len();
    match (all, unnamed) {
        ([_], _) => format!(
            "This letter went to {} and to nobody else.",
            words::all_of(&named)
        ),
        (_, 0) => format!("This letter went to {}.", words::all_of(&named)),
        _ => format!(
            "This letter went to {} and {unnamed} more.",
            named.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests;
