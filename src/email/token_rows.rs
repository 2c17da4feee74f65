//! The table rows of an email's tokens: what each is for, its name, its state. Pure.

use super::context::{EmailContext, Readers, kind};
use super::formatting;
use super::model::Row;
use super::text::{Language, Phrases, fill};
use crate::model::{Health, Kind, LaggingToken, Scopes, Token};

pub(crate) fn token_rows(context: &EmailContext<'_>) -> Vec<Row> {
    let tokens = context.tokens.iter().map(|token| row(token, context));
    let lagging = context.sink.iter().flat_map(|sink| &sink.tokens);
    tokens
        .chain(lagging.map(|token| lagging_row(token, context)))
        .collect()
}

/// A token with the consumers that have not confirmed its version in use.
fn lagging_row(token: &LaggingToken, context: &EmailContext<'_>) -> Row {
    let phrases = context.phrases();
    let consumers = token.consumers.iter().map(|consumer| {
        let known = consumer.in_use.or(consumer.seen).map(|known| known.version);
        let earlier = known.filter(|version| *version < token.version);
        let form = match earlier {
            Some(_) => phrases.consumer_uses,
            None => phrases.consumer_is_silent,
        };
        let version = earlier.unwrap_or(token.version).to_string();
        let consumer = formatting::name(&consumer.name);
        fill(form, &[("consumer", &consumer), ("version", &version)])
    });
    let mut details: Vec<String> = consumers.collect();
    if details.is_empty() {
        let version = token.version.to_string();
        details.push(fill(phrases.version, &[("version", &version)]));
    }
    Row {
        title: token.name.clone(),
        detail: details.join(" · "),
    }
}

/// The consumers of the listed tokens that lag.
pub(crate) fn consumers(context: &EmailContext<'_>) -> String {
    let tokens = context.sink.iter().flat_map(|sink| &sink.tokens);
    let consumers = tokens.flat_map(|token| &token.consumers);
    let mut names: Vec<String> = consumers
        .map(|consumer| formatting::name(&consumer.name))
        .collect();
    names.sort_unstable();
    names.dedup();
    context.language.all_of(&names)
}

/// The name of a single token as most readers of the subject know it.
pub(crate) fn named(token: &Token, context: &EmailContext<'_>) -> String {
    match title(token) {
        Some(title) if Some(&title) != context.person_name().as_ref() => match context.readers {
            Readers::Operators => format!("{title} ({})", token.name),
            Readers::Owners => title,
        },
        Some(_) if context.readers == Readers::Owners => fill(
            context.phrases().login_for_app,
            &[("app", &context.incident.incident_key.app)],
        ),
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
    let kind = kind(token).map(|kind| match context.readers {
        Readers::Operators => kind_text(kind, context.phrases())[0],
        Readers::Owners => owners_kind_text(kind, context.phrases()),
    });
    let note = Some(note(token, context)).filter(|note| !note.is_empty());
    let details = [kind.map(str::to_owned), note];
    match (context.readers, title(token)) {
        (Readers::Owners, Some(title)) => Row {
            title,
            detail: details
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · "),
        },
        _ => titled(token, details),
    }
}

/// The row of a token that never had a required permission.
pub(crate) fn ungranted(token: &Token, language: Language) -> Row {
    let lacks = lacks(&token.permissions.ungranted, language);
    titled(token, [Some(lacks), None])
}

/// The token's own name is a detail, unless it is all that is known.
fn titled(token: &Token, details: [Option<String>; 2]) -> Row {
    let title = title(token);
    let name = title.is_some().then(|| token.name.clone());
    let details: Vec<String> = [name].into_iter().chain(details).flatten().collect();
    Row {
        title: title.unwrap_or_else(|| token.name.clone()),
        detail: details.join(" · "),
    }
}

/// What an owner calls what a token is for.
const fn owners_kind_text(kind: Kind, phrases: &Phrases) -> &'static str {
    match kind {
        Kind::User => phrases.login,
        Kind::Page => phrases.page,
        Kind::SystemUser => phrases.system_user,
        Kind::App => phrases.app_itself,
        Kind::InstagramUser => phrases.instagram_account,
        Kind::ThreadsUser => phrases.threads_account,
    }
}

/// What one token of a kind is called, and what several are.
pub(crate) const fn kind_text(kind: Kind, phrases: &Phrases) -> [&'static str; 2] {
    match kind {
        Kind::User => [phrases.user_token, phrases.user_tokens],
        Kind::Page => [phrases.page_token, phrases.page_tokens],
        Kind::SystemUser => [phrases.system_user_token, phrases.system_user_tokens],
        Kind::App => [phrases.app_token, phrases.app_tokens],
        Kind::InstagramUser => [phrases.instagram_token, phrases.instagram_tokens],
        Kind::ThreadsUser => [phrases.threads_token, phrases.threads_tokens],
    }
}

/// The state of this token.
fn note(token: &Token, context: &EmailContext<'_>) -> String {
    let (language, phrases) = (context.language, context.phrases());
    let at = |sentence, when| {
        let when = language.short_moment(when, context.zone);
        fill(sentence, &[("at", &when)])
    };
    match (token.health, token.deadline()) {
        (Health::Dead { since, .. }, _) => at(phrases.not_working_since, since),
        (Health::Failing { .. }, _) => phrases.not_checked_now.to_owned(),
        (Health::Expiring { .. }, Some(end)) if end <= context.now => at(phrases.ended, end),
        (Health::Expiring { .. }, Some(end)) => at(phrases.ends, end),
        (Health::Expiring { .. }, None) => String::new(),
        (Health::Lacking { .. }, Some(end)) if end > context.now => {
            let lacks = lacks(&token.missing_scopes(), language);
            format!("{lacks}, {}", at(phrases.ends, end))
        }
        (Health::Lacking { .. }, _) => lacks(&token.missing_scopes(), language),
        (Health::Healthy | Health::Unverified, Some(end)) => {
            let date = language.date(end, context.zone);
            fill(phrases.good_until, &[("at", &date)])
        }
        (Health::Healthy | Health::Unverified, None) => phrases.good_without_end.to_owned(),
    }
}

fn lacks(missing: &Scopes, language: Language) -> String {
    let missing: Vec<_> = missing.iter().map(str::to_owned).collect();
    let missing = language.all_of(&missing);
    fill(language.phrases().lacks, &[("missing", &missing)])
}
