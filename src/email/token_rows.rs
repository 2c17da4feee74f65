//! The table rows of an email's tokens: what each is for, its name, its state. Pure.

use serde::Serialize;

use super::context::{EmailContext, kind};
use super::formatting;
use super::text::{Language, Phrases, fill};
use crate::model::{Health, Kind, Scopes, Token};

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) detail: String,
}

pub(crate) fn token_rows(context: &EmailContext<'_>) -> Vec<Row> {
    let tokens = context.tokens.iter();
    tokens.map(|token| row(token, context)).collect()
}

/// The name of a single token as most readers of the subject know it.
pub(crate) fn named(token: &Token, context: &EmailContext<'_>) -> String {
    match title(token) {
        Some(title) if Some(&title) != context.person_name().as_ref() => {
            format!("{title} ({})", token.name)
        }
        Some(_) | None => token.name.clone(),
    }
}

/// The page or person that a token is for, or its name.
pub(crate) fn shown(token: &Token) -> String {
    title(token).unwrap_or_else(|| token.name.clone())
}

/// The name of the page or person, unless it is the token's own name.
fn title(token: &Token) -> Option<String> {
    let title = token.subject_name.as_deref().map(formatting::name);
    title.filter(|title| !title.is_empty() && *title != token.name)
}

fn row(token: &Token, context: &EmailContext<'_>) -> Row {
    let title = title(token);
    let name = title.is_some().then(|| token.name.clone());
    let kind = kind(token).map(|kind| kind_text(kind, context.phrases()).to_owned());
    let note = Some(note(token, context)).filter(|note| !note.is_empty());
    let detail = [name, kind, note];
    Row {
        title: title.unwrap_or_else(|| token.name.clone()),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

const fn kind_text(kind: Kind, phrases: &Phrases) -> &'static str {
    match kind {
        Kind::User => phrases.user_token,
        Kind::Page => phrases.page_token,
        Kind::SystemUser => phrases.system_user_token,
        Kind::App => phrases.app_token,
    }
}

/// The state of this token.
fn note(token: &Token, context: &EmailContext<'_>) -> String {
    let phrases = context.phrases();
    let at = |sentence, when| {
        let when = context.language.short_moment(when, context.zone);
        fill(sentence, &[("at", &when)])
    };
    match token.health {
        Health::Dead { since, .. } => at(phrases.not_working_since, since),
        Health::Failing { .. } => phrases.not_checked_now.to_owned(),
        Health::Expiring { .. } => match token.deadline() {
            Some(end) if end <= context.now => at(phrases.ended, end),
            Some(end) => at(phrases.ends, end),
            None => String::new(),
        },
        Health::Lacking { .. } => missing_permissions_note(token, context),
        Health::Healthy | Health::Unverified => still_working_note(token, context),
    }
}

/// The missing permissions, and the expiry if there is one.
fn missing_permissions_note(token: &Token, context: &EmailContext<'_>) -> String {
    let lacks = lacks(&token.missing_scopes(), context.language);
    match token.deadline() {
        Some(end) if end > context.now => {
            let at = context.language.short_moment(end, context.zone);
            let ends = fill(context.phrases().ends, &[("at", &at)]);
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

/// The row of a token that never had a required permission.
pub(crate) fn ungranted(token: &Token, language: Language) -> Row {
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

fn still_working_note(token: &Token, context: &EmailContext<'_>) -> String {
    let (language, phrases) = (context.language, context.phrases());
    match token.deadline() {
        Some(end) => fill(
            phrases.good_until,
            &[("at", &language.date(end, context.zone))],
        ),
        None => phrases.good_without_end.to_owned(),
    }
}
