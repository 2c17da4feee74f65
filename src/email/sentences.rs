//! The sentences of an email: what happened, why, and what follows if nobody acts. Pure.

use jiff::{SignedDuration, Timestamp};

use super::context::EmailContext;
use super::text::{Sentences, fill, fill_with};
use super::{formatting, token_rows};
use crate::model::{Cause, EmailReason, Remedy, Token};

/// Within this time the subject also states the hour, since the day alone is too vague.
const LAST_HOURS: SignedDuration = SignedDuration::from_hours(48);

/// What to do, by when.
pub(crate) fn action(context: &EmailContext<'_>) -> String {
    match context.reason {
        EmailReason::Recovered => recovered(context),
        EmailReason::Withdrawn => context.phrases().nothing_left.to_owned(),
        _ => fill(
            call(context),
            &[("by", &by_when(context)), ("platform", context.platform())],
        ),
    }
}

/// The call to action. A system user cannot log in and needs a new token instead.
fn call(context: &EmailContext<'_>) -> &'static str {
    match context.cause().remedy() {
        Remedy::Login | Remedy::Reauthorize if context.is_of_a_system_user() => {
            context.phrases().new_system_user_token
        }
        _ => sentences(context).call,
    }
}

fn sentences(context: &EmailContext<'_>) -> &'static Sentences {
    let (catalog, cause) = (context.language.catalog(), context.cause());
    let refused = catalog.refused.get(&cause);
    refused
        .filter(|_| context.is_refused())
        .unwrap_or(&catalog.causes[&cause])
}

fn by_when(context: &EmailContext<'_>) -> String {
    let Some(end) = context.coming_end() else {
        return String::new();
    };
    let when = if end.duration_since(context.now) < LAST_HOURS {
        context.language.short_moment(end, context.zone)
    } else {
        context.language.short_day(end, context.zone)
    };
    fill(context.phrases().by, &[("when", &when)])
}

fn recovered(context: &EmailContext<'_>) -> String {
    let phrases = context.phrases();
    if context.cause().is_upcoming() {
        return phrases.renewed_in_time.to_owned();
    }
    match downtime(context) {
        Some(span) => fill(
            phrases.working_again_after,
            &[("span", &context.language.span_after(span))],
        ),
        None => phrases.working_again.to_owned(),
    }
}

/// How long the tokens did not work. The time since a warning does not count.
fn downtime(context: &EmailContext<'_>) -> Option<SignedDuration> {
    let warned_ahead = context.incident.incident_key.cause.is_about_expiry();
    let opened = Some(context.incident.opened_at).filter(|_| !warned_ahead);
    let began = context.broken_since.or(opened)?;
    Some(context.now.duration_since(began))
}

/// The state in a few words.
pub(crate) fn label(context: &EmailContext<'_>) -> String {
    let phrases = context.phrases();
    match context.reason {
        EmailReason::Recovered => phrases.solved.to_owned(),
        EmailReason::Withdrawn => phrases.closed.to_owned(),
        _ => match context.coming_end() {
            Some(end) => {
                let span = context.language.span(end.duration_since(context.now));
                fill(phrases.left, &[("span", &span)])
            }
            None => sentences(context).state.to_owned(),
        },
    }
}

/// The cause in one sentence.
pub(crate) fn why(context: &EmailContext<'_>) -> String {
    let phrases = context.phrases();
    let sentence = match context.reason {
        EmailReason::Recovered if context.is_about_the_app() => phrases.app_is_served_again,
        EmailReason::Recovered if context.cause() == Cause::ConsumerBehind => {
            phrases.consumers_are_up_to_date
        }
        EmailReason::Recovered if context.cause() == Cause::DeliveryFailing => {
            phrases.sink_is_served_again
        }
        EmailReason::Recovered => phrases.tokens_work_again,
        EmailReason::Withdrawn => phrases.all_removed,
        _ => sentences(context).why,
    };
    filled(sentence, context)
}

/// The cause with all that is known about it besides, in one paragraph.
pub(crate) fn why_in_full(context: &EmailContext<'_>) -> String {
    [vec![why(context)], besides(context)].concat().join(" ")
}

/// Additional sentences: on repetition or escalation, and on how much one login does.
pub(crate) fn besides(context: &EmailContext<'_>) -> Vec<String> {
    let phrases = context.phrases();
    let about_reason = match context.reason {
        EmailReason::Grown => Some(phrases.more_were_hit),
        EmailReason::Flapping => Some(phrases.comes_back),
        EmailReason::Escalated => Some(phrases.nobody_acted),
        _ => None,
    };
    let is_over = matches!(
        context.reason,
        EmailReason::Recovered | EmailReason::Withdrawn
    );
    let is_renewed_by_login =
        context.coming_end().is_some() && !context.is_of_a_system_user() && !is_over;
    let about_login = match (context.count, context.pages) {
        (_, 1..) => Some(phrases.one_login_keeps_pages),
        (2.., 0) => Some(phrases.one_login_renews),
        (0 | 1, 0) => None,
    };
    let besides = [about_login.filter(|_| is_renewed_by_login), about_reason];
    let besides = besides.into_iter().flatten();
    besides.map(|sentence| filled(sentence, context)).collect()
}

/// The number of days that a login is valid for, by the expiry that comes first.
fn validity_days(context: &EmailContext<'_>) -> u32 {
    if context.cause() == Cause::DataAccessExpiresSoon {
        90
    } else {
        60
    }
}

fn waiting_since(context: &EmailContext<'_>) -> String {
    let notified_at = context.incident.awaiting_since.unwrap_or(context.now);
    context.language.short_moment(notified_at, context.zone)
}

/// What happens if nobody acts, and when.
pub(crate) fn otherwise(context: &EmailContext<'_>) -> String {
    if context.reason.is_over() {
        return String::new();
    }
    let consequence = context.language.catalog().consequences[sentences(context).otherwise];
    let reminder = next_reminder(context).map(|at| {
        let at = context.language.short_moment(at, context.zone);
        fill(context.phrases().reminds_again, &[("at", &at)])
    });
    filled(consequence, context) + &reminder.unwrap_or_default()
}

/// The next reminder before the expiry; after it a different email follows.
fn next_reminder(context: &EmailContext<'_>) -> Option<Timestamp> {
    let end = context.coming_end().unwrap_or(Timestamp::MAX);
    let at = context.next_email.filter(|at| *at < end);
    at.filter(|_| !context.cause().is_about_database())
}

/// The heading of the consequences.
pub(crate) fn otherwise_title(context: &EmailContext<'_>) -> &'static str {
    match context.cause().waits_for_meta() {
        true => context.phrases().meanwhile,
        false => context.phrases().if_nobody_acts,
    }
}

/// Fills the placeholders in braces and capitalises the first letter.
pub(crate) fn filled(sentence: &str, context: &EmailContext<'_>) -> String {
    capitalised(&fill_with(sentence, |blank| filling(blank, context)))
}

fn filling(blank: &str, context: &EmailContext<'_>) -> Option<String> {
    // One form for one token, another for several.
    if let Some((one, many)) = blank.split_once('|') {
        return Some(if context.count == 1 { one } else { many }.to_owned());
    }
    Some(match blank {
        "person" => context.person(|cases| cases.nominative),
        "person_acc" => context.person(|cases| cases.accusative),
        "to_person" => context.person(|cases| cases.dative),
        "these" => context.these(|cases| cases.accusative),
        "to_these" => context.these(|cases| cases.dative),
        "page" => context.these_pages(|cases| cases.accusative),
        "app" => context.app_names(),
        "platform" => context.platform().to_owned(),
        "pages" => context.language.count(context.pages),
        "times" => context
            .language
            .count(u64::from(context.incident.relapses) + 1),
        "notified" => context.language.all_of(&context.incident.notified),
        "waiting" => waiting_since(context),
        "validity_days" => validity_days(context).to_string(),
        "ending" => ending(context),
        "from" => from_when(context),
        "missing" => missing(context),
        "name" => context.name_to_replace(),
        "only" => context.only_name(),
        "operators" => context.language.all_of(context.operators),
        "sink" => context.sink_name().unwrap_or_default().to_owned(),
        "sink_since" => sink_since(context),
        "reason" => formatting::line(context.sink.map_or("", |sink| &sink.reason)),
        "consumers" => token_rows::consumers(context),
        "lost_since" => lost_since(context),
        _ => return None,
    })
}

fn ending(context: &EmailContext<'_>) -> String {
    let (language, phrases) = (context.language, context.phrases());
    let at = |end| language.moment(end, context.zone);
    match (context.coming_end(), context.incident.deadline) {
        (Some(end), _) => {
            let span = language.span_after(end.duration_since(context.now));
            fill(phrases.ending, &[("at", &at(end)), ("span", &span)])
        }
        (None, Some(end)) => fill(phrases.ending_passed, &[("at", &at(end))]),
        (None, None) => phrases.ending_soon.to_owned(),
    }
}

fn sink_since(context: &EmailContext<'_>) -> String {
    let since = context.sink.map_or(context.now, |sink| sink.since);
    context.language.short_moment(since, context.zone)
}

/// The newest change that the database still has is from then.
fn lost_since(context: &EmailContext<'_>) -> String {
    let since = context.broken_since.unwrap_or(context.incident.opened_at);
    context.language.short_moment(since, context.zone)
}

fn from_when(context: &EmailContext<'_>) -> String {
    match context.coming_end() {
        Some(end) => {
            let at = context.language.moment(end, context.zone);
            fill(context.phrases().from_then, &[("at", &at)])
        }
        None => context.phrases().from_now.to_owned(),
    }
}

fn missing(context: &EmailContext<'_>) -> String {
    let scopes = context.tokens.iter().map(Token::missing_scopes);
    let mut all: Vec<String> = scopes
        .flat_map(|missing| missing.iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    if all.is_empty() {
        return context.phrases().every_permission.to_owned();
    }
    all.sort_unstable();
    all.dedup();
    context.language.all_of(&all)
}

pub(crate) fn capitalised(sentence: &str) -> String {
    let mut emails = sentence.chars();
    emails
        .next()
        .map(|first| first.to_uppercase().chain(emails).collect())
        .unwrap_or_default()
}
