//! What is the matter, why, and what happens if nobody acts, as sentences about this incident. Pure.

use jiff::{SignedDuration, Timestamp};

use super::facts::LetterFacts;
use super::policy::{self, Occasion};
use super::{causes, words};
use crate::token::{Cause, Remedy, Token};

/// From here on a subject tells the hour too, for the day alone is no longer exact enough.
const LAST_HOURS: SignedDuration = SignedDuration::from_hours(48);

/// What must be done, by when.
pub(super) fn action(facts: &LetterFacts<'_>) -> String {
    match facts.occasion {
        Occasion::Recovered => recovered(facts),
        Occasion::Withdrawn => "Nothing left to do".to_owned(),
        Occasion::First | Occasion::Nearer | Occasion::Ended | Occasion::Reminder => {
            format!("{}{}", call(facts), by_when(facts))
        }
    }
}

/// Nobody logs in as a system user.
fn call(facts: &LetterFacts<'_>) -> &'static str {
    match facts.cause().remedy() {
        Remedy::Login | Remedy::Reauthorize if facts.is_of_a_system_user() => {
            "Make a new system user token"
        }
        Remedy::Login
        | Remedy::Reauthorize
        | Remedy::GrantPermissions
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::Wait => causes::wording(facts.cause()).call,
    }
}

fn by_when(facts: &LetterFacts<'_>) -> String {
    match facts.coming_end() {
        Some(end) if end.duration_since(facts.now) < LAST_HOURS => {
            format!(" by {}", words::short_moment(end, facts.zone))
        }
        Some(end) => format!(" by {}", words::short_day(end, facts.zone)),
        None => String::new(),
    }
}

fn recovered(facts: &LetterFacts<'_>) -> String {
    if policy::is_coming(facts.cause()) {
        return "Renewed in time".to_owned();
    }
    match downtime(facts) {
        Some(span) => format!("Working again after {}", words::span(span)),
        None => "Working again".to_owned(),
    }
}

/// How long it did not work. An incident that began as a warning was no trouble from its first day on.
fn downtime(facts: &LetterFacts<'_>) -> Option<SignedDuration> {
    let story = facts.incident.story.cause;
    let warned_ahead = matches!(story, Cause::Expired | Cause::DataAccessExpired);
    let opened = Some(facts.incident.opened_at).filter(|_| !warned_ahead);
    let began = facts.broken_since.or(opened)?;
    Some(facts.now.duration_since(began))
}

/// The state of things in two words.
pub(super) fn label(facts: &LetterFacts<'_>) -> String {
    match facts.occasion {
        Occasion::Recovered => "Solved".to_owned(),
        Occasion::Withdrawn => "Closed".to_owned(),
        Occasion::First | Occasion::Nearer | Occasion::Ended | Occasion::Reminder => {
            match facts.coming_end() {
                Some(end) => format!("{} left", words::span(end.duration_since(facts.now))),
                None => causes::wording(facts.cause()).standing.to_owned(),
            }
        }
    }
}

/// The cause in one sentence.
pub(super) fn why(facts: &LetterFacts<'_>) -> String {
    let sentence = match facts.occasion {
        Occasion::Recovered if facts.is_about_the_app() => {
            "Meta accepts the calls of app {app} again; checks and renewals go on."
        }
        Occasion::Recovered => "Meta confirms {these} again. Nothing needs to be done any more.",
        Occasion::Withdrawn => {
            "All that this was about has been removed from Perennial. Nothing needs to be done any more."
        }
        Occasion::First | Occasion::Nearer | Occasion::Ended | Occasion::Reminder => {
            causes::wording(facts.cause()).why
        }
    };
    filled(sentence, facts)
}

/// What happens if nobody acts, and when.
pub(super) fn otherwise(facts: &LetterFacts<'_>) -> String {
    match facts.occasion {
        Occasion::Recovered | Occasion::Withdrawn => String::new(),
        Occasion::First | Occasion::Nearer | Occasion::Ended | Occasion::Reminder => {
            let consequence = filled(causes::wording(facts.cause()).otherwise, facts);
            let reminder = next_reminder(facts).map(|at| {
                let at = words::short_moment(at, facts.zone);
                format!(" Perennial reminds again on {at}.")
            });
            consequence + &reminder.unwrap_or_default()
        }
    }
}

/// After the end it will be another letter.
fn next_reminder(facts: &LetterFacts<'_>) -> Option<Timestamp> {
    let end = facts.coming_end().unwrap_or(Timestamp::MAX);
    facts.next_letter.filter(|at| *at < end)
}

/// What the consequences are told under.
pub(super) const fn otherwise_title(facts: &LetterFacts<'_>) -> &'static str {
    match facts.cause().remedy() {
        Remedy::Wait => "Meanwhile",
        Remedy::Login
        | Remedy::Reauthorize
        | Remedy::GrantPermissions
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp => "If nobody acts",
    }
}

/// Fills what stands in braces, and begins with a capital letter. What is filled in is not looked at again: a
/// name may hold braces itself.
pub(super) fn filled(sentence: &str, facts: &LetterFacts<'_>) -> String {
    let mut done = String::with_capacity(sentence.len() * 2);
    let mut rest = sentence;
    while let Some((before, blank, after)) = next_blank(rest) {
        done.push_str(before);
        done.push_str(&filling(blank, facts));
        rest = after;
    }
    done.push_str(rest);
    capitalised(&done)
}

fn next_blank(text: &str) -> Option<(&str, &str, &str)> {
    let (before, from) = text.split_once('{')?;
    let (blank, after) = from.split_once('}')?;
    Some((before, blank, after))
}

fn filling(blank: &str, facts: &LetterFacts<'_>) -> String {
    match blank {
        "person" => facts.person(),
        "these" => facts.these(),
        "page" => facts.these_pages(),
        "app" => facts.incident.story.app.clone(),
        "ending" => ending(facts),
        "from" => from_when(facts),
        "missing" => missing(facts),
        "name" => facts.name_to_replace(),
        "only" => facts.only_name(),
        "operators" => words::all_of(facts.operators),
        unknown => format!("{{{unknown}}}"),
    }
}

fn ending(facts: &LetterFacts<'_>) -> String {
    match facts.coming_end() {
        Some(end) => format!(
            "on {}, in {}",
            words::moment(end, facts.zone),
            words::span(end.duration_since(facts.now))
        ),
        None => match facts.incident.deadline {
            Some(end) => format!("on {}, which has passed", words::moment(end, facts.zone)),
            None => "soon".to_owned(),
        },
    }
}

fn from_when(facts: &LetterFacts<'_>) -> String {
    match facts.coming_end() {
        Some(end) => format!("From {} on", words::moment(end, facts.zone)),
        None => "From now on".to_owned(),
    }
}

fn missing(facts: &LetterFacts<'_>) -> String {
    let scopes = facts.tokens.iter().map(Token::missing_scopes);
    let mut all: Vec<String> = scopes
        .flat_map(|missing| missing.iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    all.sort_unstable();
    all.dedup();
    words::all_of(&all)
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
