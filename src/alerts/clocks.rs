//! The picture of the clocks: how much is left on both of them, for each group of tokens that share their ends. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::facts::LetterFacts;
use super::language::{Phrases, fill};
use super::letter::{AMBER, GREEN, RED};
use super::policy::{self, Occasion};
use super::rows;
use crate::token::{Cause, Clock, Facts, Health, Kind, Token};

/// How many groups are shown; the ends that come first stand first.
const GROUPS: usize = 4;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What Meta gives at a login, where it does not say when that was.
const FULL_ACCESS: SignedDuration = SignedDuration::from_hours(60 * 24);
const FULL_DATA_ACCESS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Tokens that share both ends.
#[derive(Debug, Serialize)]
pub(super) struct Face {
    pub(super) title: String,
    pub(super) hands: Vec<Hand>,
}

/// One clock.
#[derive(Debug, Serialize)]
pub(super) struct Hand {
    pub(super) label: &'static str,
    /// In words.
    pub(super) left: String,
    /// Of the bar, 0 to 100.
    pub(super) percent: i64,
    pub(super) rest: i64,
    pub(super) colour: &'static str,
}

/// Only where time is what matters: a warning, an end, a renewal.
pub(super) fn faces(facts: &LetterFacts<'_>) -> Vec<Face> {
    if !is_about_time(facts) {
        return Vec::new();
    }
    let mut groups: BTreeMap<(i64, i64, bool, &str), Vec<&Token>> = BTreeMap::new();
    for token in facts.tokens.iter().filter(|token| is_timed(token, facts)) {
        if let Some(known) = token.facts.as_ref() {
            let ends = (day(known.expires_at.at()), day(known.data_access_end()));
            let (first, last) = (ends.0.min(ends.1), ends.0.max(ends.1));
            let key = (first, last, known.kind == Kind::Page, known.kind.word());
            groups.entry(key).or_default().push(token);
        }
    }
    let groups = groups.into_values().take(GROUPS);
    groups.filter_map(|tokens| face(&tokens, facts)).collect()
}

fn is_about_time(facts: &LetterFacts<'_>) -> bool {
    match facts.occasion {
        Occasion::Withdrawn => false,
        Occasion::Recovered => !facts.is_about_the_app(),
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Flapping
        | Occasion::Escalated => {
            policy::is_coming(facts.cause())
                || matches!(facts.cause(), Cause::Expired | Cause::DataAccessExpired)
        }
    }
}

/// Nothing is left to a token that died of something else, whatever its clocks say.
fn is_timed(token: &Token, facts: &LetterFacts<'_>) -> bool {
    let has_ended = token.deadline().is_some_and(|end| end <= facts.now);
    has_ended || !matches!(token.health, Health::Dead { .. })
}

/// Ends on the same day are the same to a person; no end comes last.
fn day(end: Option<Timestamp>) -> i64 {
    end.map_or(i64::MAX, |end| end.as_second().div_euclid(86_400))
}

fn face(tokens: &[&Token], facts: &LetterFacts<'_>) -> Option<Face> {
    let first = tokens.first()?;
    let known = first.facts.as_ref()?;
    let title = match tokens {
        [only] => rows::shown(only),
        _ => several(known.kind, facts.phrases()).to_owned(),
    };
    let hands = [access(known, facts), data_access(known, facts)];
    let hands: Vec<Hand> = hands.into_iter().flatten().collect();
    (!hands.is_empty()).then_some(Face { title, hands })
}

fn access(known: &Facts, facts: &LetterFacts<'_>) -> Option<Hand> {
    let label = facts.phrases().access;
    match known.expires_at {
        Clock::Unknown => None,
        Clock::Never => Some(endless(label, facts)),
        Clock::At(end) => {
            let full = known.issued_at.map(|issued| end.duration_since(issued));
            let full = full.filter(|full| full.is_positive());
            Some(hand(label, end, full.unwrap_or(FULL_ACCESS), facts))
        }
    }
}

fn data_access(known: &Facts, facts: &LetterFacts<'_>) -> Option<Hand> {
    let end = known.data_access_end()?;
    Some(hand(
        facts.phrases().data_access,
        end,
        FULL_DATA_ACCESS,
        facts,
    ))
}

fn endless(label: &'static str, facts: &LetterFacts<'_>) -> Hand {
    Hand {
        label,
        left: facts.phrases().good_without_end.to_owned(),
        percent: 100,
        rest: 0,
        colour: GREEN,
    }
}

fn hand(
    label: &'static str,
    end: Timestamp,
    full: SignedDuration,
    facts: &LetterFacts<'_>,
) -> Hand {
    let left = end.duration_since(facts.now);
    let is_over = !left.is_positive();
    let percent = if is_over {
        0
    } else {
        // A little is to be seen as long as a little is left.
        (left.as_secs() * 100 / full.as_secs().max(1)).clamp(2, 100)
    };
    let phrases = facts.phrases();
    Hand {
        label,
        left: if is_over {
            let at = facts.language.date(end, facts.zone);
            fill(phrases.ended, &[("at", &at)])
        } else {
            fill(phrases.left, &[("span", &facts.language.span(left))])
        },
        percent,
        rest: 100 - percent,
        colour: match left {
            left if left < DAY * 3 => RED,
            left if left < DAY * 15 => AMBER,
            _ => GREEN,
        },
    }
}

const fn several(kind: Kind, phrases: &Phrases) -> &'static str {
    match kind {
        Kind::User => phrases.user_tokens,
        Kind::Page => phrases.page_tokens,
        Kind::SystemUser => phrases.system_user_tokens,
        Kind::App => phrases.app_tokens,
    }
}
