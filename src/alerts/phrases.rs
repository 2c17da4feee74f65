//! What is the matter, why, and what happens if nobody acts, as sentences about this incident. Pure.

use jiff::{SignedDuration, Timestamp};

use super::facts::LetterFacts;
use super::language::{Wording, fill, fill_with};
use super::policy::{self, Occasion};
use crate::token::{Cause, Remedy, Token};

/// From here on a subject tells the hour too, for the day alone is no longer exact enough.
const LAST_HOURS: SignedDuration = SignedDuration::from_hours(48);

/// What must be done, by when.
pub(super) fn action(facts: &LetterFacts<'_>) -> String {
    match facts.occasion {
        Occasion::Recovered => recovered(facts),
        Occasion::Withdrawn => facts.phrases().nothing_left.to_owned(),
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Flapping
        | Occasion::Escalated => fill(call(facts), &[("by", &by_when(facts))]),
    }
}

/// Nobody logs in as a system user.
fn call(facts: &LetterFacts<'_>) -> &'static str {
    match facts.cause().remedy() {
        Remedy::Login | Remedy::Reauthorize if facts.is_of_a_system_user() => {
            facts.phrases().new_system_user_token
        }
        Remedy::Login
        | Remedy::Reauthorize
        | Remedy::GrantPermissions
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::Wait => wording(facts).call,
    }
}

fn wording(facts: &LetterFacts<'_>) -> &'static Wording {
    let catalogue = facts.language.catalogue();
    let refused = (catalogue.wording_when_refused)(facts.cause());
    refused
        .filter(|_| facts.is_refused())
        .unwrap_or_else(|| (catalogue.wording)(facts.cause()))
}

fn by_when(facts: &LetterFacts<'_>) -> String {
    let Some(end) = facts.coming_end() else {
        return String::new();
    };
    let when = if end.duration_since(facts.now) < LAST_HOURS {
        facts.language.short_moment(end, facts.zone)
    } else {
        facts.language.short_day(end, facts.zone)
    };
    fill(facts.phrases().by, &[("when", &when)])
}

fn recovered(facts: &LetterFacts<'_>) -> String {
    let phrases = facts.phrases();
    if policy::is_coming(facts.cause()) {
        return phrases.renewed_in_time.to_owned();
    }
    match downtime(facts) {
        Some(span) => fill(
            phrases.working_again_after,
            &[("span", &facts.language.span_after(span))],
        ),
        None => phrases.working_again.to_owned(),
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
    let phrases = facts.phrases();
    match facts.occasion {
        Occasion::Recovered => phrases.solved.to_owned(),
        Occasion::Withdrawn => phrases.closed.to_owned(),
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Flapping
        | Occasion::Escalated => match facts.coming_end() {
            Some(end) => {
                let span = facts.language.span(end.duration_since(facts.now));
                fill(phrases.left, &[("span", &span)])
            }
            None => wording(facts).standing.to_owned(),
        },
    }
}

/// The cause in one sentence.
pub(super) fn why(facts: &LetterFacts<'_>) -> String {
    let phrases = facts.phrases();
    let sentence = match facts.occasion {
        Occasion::Recovered if facts.is_about_the_app() => phrases.app_is_served_again,
        Occasion::Recovered => phrases.tokens_work_again,
        Occasion::Withdrawn => phrases.all_removed,
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Flapping
        | Occasion::Escalated => wording(facts).why,
    };
    let besides = besides(facts).into_iter().flatten();
    besides.fold(filled(sentence, facts), |why, more| {
        why + " " + &filled(more, facts)
    })
}

/// What else is to be known: how often, since when, and how much one login does.
fn besides(facts: &LetterFacts<'_>) -> [Option<&'static str>; 2] {
    let phrases = facts.phrases();
    let about_occasion = match facts.occasion {
        Occasion::Grown => Some(phrases.more_were_hit),
        Occasion::Flapping => Some(phrases.comes_back),
        Occasion::Escalated => Some(phrases.nobody_acted),
        Occasion::First
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Recovered
        | Occasion::Withdrawn => None,
    };
    let is_renewed_by_login = facts.coming_end().is_some() && !facts.is_of_a_system_user();
    let about_login = match (facts.count, facts.pages) {
        (_, 1..) => Some(phrases.one_login_keeps_pages),
        (2.., 0) => Some(phrases.one_login_renews),
        (0 | 1, 0) => None,
    };
    [about_login.filter(|_| is_renewed_by_login), about_occasion]
}

/// Days that a login is good for, by the clock that is about to end.
fn life(facts: &LetterFacts<'_>) -> u32 {
    if facts.cause() == Cause::DataAccessExpiresSoon {
        90
    } else {
        60
    }
}

fn waiting_since(facts: &LetterFacts<'_>) -> String {
    let told_at = facts.incident.awaiting_since.unwrap_or(facts.now);
    facts.language.short_moment(told_at, facts.zone)
}

/// What happens if nobody acts, and when.
pub(super) fn otherwise(facts: &LetterFacts<'_>) -> String {
    match facts.occasion {
        Occasion::Recovered | Occasion::Withdrawn => String::new(),
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Flapping
        | Occasion::Escalated => {
            let consequence = filled(wording(facts).otherwise, facts);
            let reminder = next_reminder(facts).map(|at| {
                let at = facts.language.short_moment(at, facts.zone);
                fill(facts.phrases().reminds_again, &[("at", &at)])
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
        Remedy::Wait => facts.phrases().meanwhile,
        Remedy::Login
        | Remedy::Reauthorize
        | Remedy::GrantPermissions
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp => facts.phrases().if_nobody_acts,
    }
}

/// Fills what stands in braces, and begins with a capital letter.
pub(super) fn filled(sentence: &str, facts: &LetterFacts<'_>) -> String {
    capitalised(&fill_with(sentence, |blank| filling(blank, facts)))
}

fn filling(blank: &str, facts: &LetterFacts<'_>) -> Option<String> {
    // One word for one token, another for several.
    if let Some((one, many)) = blank.split_once('|') {
        return Some(if facts.count == 1 { one } else { many }.to_owned());
    }
    Some(match blank {
        "person" => facts.person(|cases| cases.nominative),
        "person_acc" => facts.person(|cases| cases.accusative),
        "to_person" => facts.person(|cases| cases.dative),
        "these" => facts.these(|cases| cases.accusative),
        "to_these" => facts.these(|cases| cases.dative),
        "page" => facts.these_pages(|cases| cases.accusative),
        "app" => facts.app_names(),
        "pages" => facts.language.count(facts.pages),
        "times" => facts.language.count(u64::from(facts.incident.relapses) + 1),
        "told" => facts.language.all_of(&facts.incident.told),
        "waiting" => waiting_since(facts),
        "life" => life(facts).to_string(),
        "ending" => ending(facts),
        "from" => from_when(facts),
        "missing" => missing(facts),
        "name" => facts.name_to_replace(),
        "only" => facts.only_name(),
        "operators" => facts.language.all_of(facts.operators),
        _ => return None,
    })
}

fn ending(facts: &LetterFacts<'_>) -> String {
    let (language, phrases) = (facts.language, facts.phrases());
    let at = |end| language.moment(end, facts.zone);
    match (facts.coming_end(), facts.incident.deadline) {
        (Some(end), _) => {
            let span = language.span_after(end.duration_since(facts.now));
            fill(phrases.ending, &[("at", &at(end)), ("span", &span)])
        }
        (None, Some(end)) => fill(phrases.ending_passed, &[("at", &at(end))]),
        (None, None) => phrases.ending_soon.to_owned(),
    }
}

fn from_when(facts: &LetterFacts<'_>) -> String {
    match facts.coming_end() {
        Some(end) => {
            let at = facts.language.moment(end, facts.zone);
            fill(facts.phrases().from_then, &[("at", &at)])
        }
        None => facts.phrases().from_now.to_owned(),
    }
}

fn missing(facts: &LetterFacts<'_>) -> String {
    let scopes = facts.tokens.iter().map(Token::missing_scopes);
    let mut all: Vec<String> = scopes
        .flat_map(|missing| missing.iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    if all.is_empty() {
        return facts.phrases().every_permission.to_owned();
    }
    all.sort_unstable();
    all.dedup();
    facts.language.all_of(&all)
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
