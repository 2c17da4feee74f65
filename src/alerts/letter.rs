//! Facts become subject, text and HTML. Pure; what others named is cleaned and escaped here.

mod summary;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::clocks::{self, Face};
use super::facts::LetterFacts;
use super::language::{Language, fill};
use super::policy::{self, Occasion};
use super::rows::{self, Row};
use super::steps::{self, Step};
use super::{phrases, words};
use crate::inventory::{NewLetter, Ungranted};
use crate::token::Cause;

use summary::Section;
pub(super) use summary::summary;

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

/// What both templates show; README.md tells operators of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Page {
    pub(super) language: &'static str,
    pub(super) subject: String,
    pub(super) colour: &'static str,
    pub(super) label: String,
    pub(super) headline: String,
    pub(super) about: String,
    pub(super) why: String,
    pub(super) clocks_title: &'static str,
    pub(super) clocks: Vec<Face>,
    pub(super) steps_title: &'static str,
    pub(super) steps: Vec<Step>,
    pub(super) otherwise_title: &'static str,
    pub(super) otherwise: String,
    pub(super) tokens_title: &'static str,
    pub(super) tokens: Vec<Row>,
    pub(super) count: String,
    pub(super) more: Option<String>,
    pub(super) sections: Vec<Section>,
    pub(super) footer: Vec<String>,
}

/// Of what stands out on white as on black, with white letters on it.
pub(super) const RED: &str = "#c8352a";
pub(super) const AMBER: &str = "#a86400";
pub(super) const GREEN: &str = "#1e7e42";

/// A letter that asks for nothing, laid out like any other, to try the mail path.
pub(super) fn for_trying(language: Language, zone: &TimeZone, now: Timestamp) -> Page {
    let phrases = language.phrases();
    Page {
        language: language.code(),
        subject: phrases.trying.to_owned(),
        colour: GREEN,
        label: phrases.trying_label.to_owned(),
        headline: phrases.trying.to_owned(),
        about: phrases.trying_about.to_owned(),
        why: phrases.trying_why.to_owned(),
        footer: vec![fill(
            phrases.trying_footer,
            &[("at", &language.moment(now, zone))],
        )],
        ..Page::default()
    }
}

/// Tells an operator of permissions that tokens never had.
pub(super) fn about_ungranted(language: Language, found: &Ungranted) -> Page {
    let phrases = language.phrases();
    let scopes: Vec<String> = found.scopes.iter().map(words::line).collect();
    let missing = language.all_of(&scopes);
    let unnamed = found.count.saturating_sub(found.tokens.len() as u64);
    let more = fill(phrases.and_more, &[("count", &language.count(unnamed))]);
    let rows = found.tokens.iter();
    Page {
        language: language.code(),
        subject: words::line(&fill(phrases.ungranted, &[("missing", &missing)])),
        colour: AMBER,
        label: phrases.ungranted_label.to_owned(),
        headline: phrases.ungranted_headline.to_owned(),
        about: missing,
        why: phrases.ungranted_why.to_owned(),
        otherwise_title: phrases.what_to_do,
        otherwise: phrases.ungranted_step.to_owned(),
        tokens_title: phrases.tokens,
        tokens: rows.map(|token| rows::ungranted(token, language)).collect(),
        count: language.count(found.count),
        more: (unnamed > 0).then_some(more),
        footer: vec![phrases.ungranted_footer.to_owned()],
        ..Page::default()
    }
}

/// Tells an operator that others were not reached.
pub(super) fn about_undelivered(
    language: Language,
    lost: &NewLetter,
    missed: &[String],
    reason: &str,
) -> Page {
    let phrases = language.phrases();
    let missed: Vec<String> = missed.iter().map(|to| words::line(to)).collect();
    let missed = language.all_of(&missed);
    let values = [
        ("missed", missed.as_str()),
        ("subject", &lost.subject),
        ("reason", reason),
    ];
    Page {
        language: language.code(),
        subject: words::line(&fill(phrases.undelivered, &values)),
        colour: RED,
        label: phrases.undelivered_label.to_owned(),
        headline: phrases.undelivered_headline.to_owned(),
        about: missed.clone(),
        why: fill(phrases.undelivered_why, &values),
        otherwise_title: phrases.what_to_do,
        otherwise: phrases.undelivered_step.to_owned(),
        footer: vec![fill(phrases.undelivered_footer, &values)],
        ..Page::default()
    }
}

pub(super) fn page(facts: &LetterFacts<'_>) -> Page {
    let phrases = facts.phrases();
    let unnamed = facts.count.saturating_sub(facts.tokens.len() as u64);
    Page {
        language: facts.language.code(),
        subject: subject(facts),
        colour: colour(facts),
        label: phrases::label(facts),
        headline: phrases::action(facts),
        about: about(facts),
        why: phrases::why(facts),
        clocks_title: phrases.time_left,
        clocks: clocks::faces(facts),
        steps_title: phrases.what_to_do,
        steps: steps::steps(facts),
        otherwise_title: phrases::otherwise_title(facts),
        otherwise: phrases::otherwise(facts),
        tokens_title: phrases.tokens,
        tokens: rows::rows(facts),
        count: facts.language.count(facts.count),
        more: (unnamed > 0).then(|| {
            let count = facts.language.count(unnamed);
            fill(phrases.and_more, &[("count", &count)])
        }),
        sections: Vec::new(),
        footer: footer(facts),
    }
}

/// Who must do what by when, in one line.
fn subject(facts: &LetterFacts<'_>) -> String {
    let phrases = facts.phrases();
    let (action, about) = (phrases::action(facts), about(facts));
    let is_over = matches!(facts.occasion, Occasion::Recovered | Occasion::Withdrawn);
    let line = if facts.is_about_the_app() && !is_over {
        let form = match facts.apps {
            [_, _, ..] => phrases.apps_and_action,
            [] | [_] => phrases.app_and_action,
        };
        fill(form, &[("app", &facts.app_names()), ("action", &action)])
    } else {
        fill(
            phrases.action_and_about,
            &[("action", &action), ("about", &about)],
        )
    };
    match facts.occasion {
        Occasion::Nearer | Occasion::Reminder => fill(phrases.reminder, &[("line", &line)]),
        Occasion::Flapping => fill(phrases.flapping, &[("line", &line)]),
        Occasion::Escalated => fill(phrases.escalated, &[("line", &line)]),
        Occasion::First
        | Occasion::Grown
        | Occasion::Ended
        | Occasion::Recovered
        | Occasion::Withdrawn => line,
    }
}

/// `Maria Schmidt, 12 tokens of acme`
fn about(facts: &LetterFacts<'_>) -> String {
    let (app, phrases) = (&facts.incident.story.app, facts.phrases());
    if facts.is_about_the_app() {
        let form = match facts.apps {
            [_, _, ..] => phrases.the_apps,
            [] | [_] => phrases.the_app,
        };
        return fill(form, &[("app", &facts.app_names())]);
    }
    let tokens = match facts.tokens {
        [only] if facts.count == 1 => rows::named(only, facts),
        _ if facts.count == 0 => fill(phrases.tokens_of_app, &[("app", app)]),
        _ => fill(
            phrases.count_tokens_of_app,
            &[("count", &facts.language.count(facts.count)), ("app", app)],
        ),
    };
    match facts.person_name() {
        Some(person) => format!("{person}, {tokens}"),
        None => tokens,
    }
}

fn colour(facts: &LetterFacts<'_>) -> &'static str {
    match facts.occasion {
        Occasion::Recovered | Occasion::Withdrawn => GREEN,
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Flapping
        | Occasion::Escalated => {
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
    let opened_at = facts.language.moment(incident.opened_at, facts.zone);
    vec![
        recipients_of(facts.recipients, facts.language),
        fill(
            facts.phrases().incident,
            &[
                ("id", &incident.id.0.to_string()),
                ("app", &incident.story.app),
                ("at", &opened_at),
            ],
        ),
    ]
}

/// Everybody sees who else knows.
fn recipients_of(all: &[String], language: Language) -> String {
    let phrases = language.phrases();
    let named = all.iter().take(NAMED_RECIPIENTS).map(|to| words::line(to));
    let named: Vec<String> = named.collect();
    let unnamed = (all.len() - named.len()) as u64;
    let everybody = language.all_of(&named);
    match (all, unnamed) {
        ([_], _) => fill(phrases.went_to_one, &[("all", &everybody)]),
        (_, 0) => fill(phrases.went_to, &[("all", &everybody)]),
        _ => fill(
            phrases.went_to_many,
            &[
                ("all", &named.join(", ")),
                ("count", &language.count(unnamed)),
            ],
        ),
    }
}

#[cfg(test)]
mod tests;
