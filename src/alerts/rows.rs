//! Each token in one row: what it is for, what it is called, how it is doing. Pure.

use serde::Serialize;

use super::facts::{LetterFacts, kind};
use super::language::{Language, Phrases, fill};
use super::words;
use crate::token::{Health, Kind, Scopes, Token};

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) detail: String,
}

pub(super) fn rows(facts: &LetterFacts<'_>) -> Vec<Row> {
    let tokens = facts.tokens.iter();
    tokens.map(|token| row(token, facts)).collect()
}

/// A single token by the name that says most to whoever reads the subject.
pub(super) fn named(token: &Token, facts: &LetterFacts<'_>) -> String {
    match title(token) {
        Some(title) if Some(&title) != facts.person_name().as_ref() => {
            format!("{title} ({})", token.name)
        }
        Some(_) | None => token.name.clone(),
    }
}

/// What a token is for, or its name.
pub(super) fn shown(token: &Token) -> String {
    title(token).unwrap_or_else(|| token.name.clone())
}

/// The page's or the person's name, where it says more than the token's.
fn title(token: &Token) -> Option<String> {
    let title = token.subject_name.as_deref().map(words::name);
    title.filter(|title| !title.is_empty() && *title != token.name)
}

fn row(token: &Token, facts: &LetterFacts<'_>) -> Row {
    let title = title(token);
    let name = title.is_some().then(|| token.name.clone());
    let kind = kind(token).map(|kind| kind_words(kind, facts.phrases()).to_owned());
    let note = Some(note(token, facts)).filter(|note| !note.is_empty());
    let detail = [name, kind, note];
    Row {
        title: title.unwrap_or_else(|| token.name.clone()),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

const fn kind_words(kind: Kind, phrases: &Phrases) -> &'static str {
    match kind {
        Kind::User => phrases.user_token,
        Kind::Page => phrases.page_token,
        Kind::SystemUser => phrases.system_user_token,
        Kind::App => phrases.app_token,
    }
}

/// How this one token is doing.
fn note(token: &Token, facts: &LetterFacts<'_>) -> String {
    let phrases = facts.phrases();
    let at = |sentence, when| {
        let when = facts.language.short_moment(when, facts.zone);
        fill(sentence, &[("at", &when)])
    };
    match token.health {
        Health::Dead { since, .. } => at(phrases.not_working_since, since),
        Health::Failing { .. } => phrases.not_checked_now.to_owned(),
        Health::Expiring { .. } => match token.deadline() {
            Some(end) if end <= facts.now => at(phrases.ended, end),
            Some(end) => at(phrases.ends, end),
            None => String::new(),
        },
        Health::Lacking { .. } => note_on_lacking(token, facts),
        Health::Healthy | Health::Unverified => note_on_living(token, facts),
    }
}

/// What it lacks, and its end if it has one.
fn note_on_lacking(token: &Token, facts: &LetterFacts<'_>) -> String {
    let lacks = lacks(&token.missing_scopes(), facts.language);
    match token.deadline() {
        Some(end) if end > facts.now => {
            let at = facts.language.short_moment(end, facts.zone);
            let ends = fill(facts.phrases().ends, &[("at", &at)]);
            format!("{lacks}, {ends}")
        }
        Some(_) | None => lacks,
    }
}

fn lacks(missing: &Scopes, language: Language) -> String {
    let missing: Vec<_> = missing.iter().map(str::to_owned).collect();
    let missing = language.all_of(&missing);
    fill(language.phrases().lacks, &[("missing", &missing)])
}

/// One that never had what is required of it.
pub(super) fn ungranted(token: &Token, language: Language) -> Row {
    let title = title(token);
    let name = title.is_some().then(|| token.name.clone());
    let lacks = Some(lacks(&token.permissions.ungranted, language));
    Row {
        title: title.unwrap_or_else(|| token.name.clone()),
        detail: [name, lacks]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · "),
    }
}

fn note_on_living(token: &Token, facts: &LetterFacts<'_>) -> String {
    let (language, phrases) = (facts.language, facts.phrases());
    match token.deadline() {
        Some(end) => fill(
            phrases.good_until,
            &[("at", &language.date(end, facts.zone))],
        ),
        None => phrases.good_without_end.to_owned(),
    }
}
