//! The email about an incident, from its facts. Pure. Names from outside are cleaned and escaped here.

use super::context::{EmailContext, Readers};
use super::model::EmailModel;
use super::text::fill;
use super::{expiry_bars, instructions, sentences, token_rows};
use crate::look::Tone;
use crate::model::{Cause, EmailReason, Severity, book};

pub(crate) fn page(context: &EmailContext<'_>) -> EmailModel {
    let phrases = context.phrases();
    let button = instructions::button(context);
    let tokens = token_rows::token_rows(context);
    let unnamed = context.count.saturating_sub(tokens.len() as u64);
    EmailModel {
        language: context.language.code(),
        subject: subject(context),
        color: color(context),
        label: sentences::label(context),
        headline: sentences::action(context),
        about: about_line(context),
        // A button stands right below the first sentence, and the rest below the button.
        why: match button {
            Some(_) => sentences::why(context),
            None => sentences::why_in_full(context),
        },
        button,
        expiries_title: phrases.time_left,
        expiries: expiry_bars::expiry_groups(context),
        instructions_title: phrases.what_to_do,
        instructions: instructions::steps(context),
        otherwise_title: sentences::otherwise_title(context),
        otherwise: sentences::otherwise(context),
        tokens_title: match context.readers {
            Readers::Operators => phrases.tokens,
            Readers::Owners => phrases.affected,
        },
        tokens,
        count: context.language.count(context.count),
        more: context.language.and_more(unnamed),
        footer: footer(context),
        ..EmailModel::default()
    }
}

/// The same in a few sentences, for a chat room: without addresses, and without the list of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) severity: Severity,
}

pub(crate) fn brief(context: &EmailContext<'_>) -> Brief {
    // Why an escalation is sent names the people who did not act.
    let reason = match context.reason {
        EmailReason::Escalated => EmailReason::First,
        reason => reason,
    };
    let unaddressed = EmailContext { reason, ..*context };
    let text = [
        sentences::why_in_full(&unaddressed),
        sentences::otherwise(&unaddressed),
    ];
    Brief {
        title: subject(context),
        text: text.join(" ").trim().to_owned(),
        severity: severity(context),
    }
}

/// That an incident is closed without an email: its tokens have another problem now, or it told of something past.
pub(crate) fn closed(context: &EmailContext<'_>) -> Brief {
    let phrases = context.phrases();
    let values = [("action", phrases.closed), ("about", &about(context))];
    let text = match context.cause().is_about_database() {
        true => phrases.notice_ended,
        false => phrases.another_problem,
    };
    Brief {
        title: fill(phrases.action_and_about, &values),
        text: text.to_owned(),
        severity: Severity::Info,
    }
}

/// Who must do what by when, in one line.
pub(crate) fn subject(context: &EmailContext<'_>) -> String {
    let phrases = context.phrases();
    let (action, about) = (sentences::action(context), about(context));
    let line = if context.reason.is_over() {
        fill(
            phrases.action_and_about,
            &[("action", &action), ("about", &about)],
        )
    } else if let Some(sink) = context.sink_name() {
        fill(
            phrases.sink_and_action,
            &[("sink", sink), ("action", &action)],
        )
    } else if context.cause().is_about_database() {
        fill(phrases.database_and_action, &[("action", &action)])
    } else if context.is_about_the_app() {
        let form = match context.apps {
            [_, _, ..] => phrases.apps_and_action,
            [] | [_] => phrases.app_and_action,
        };
        fill(form, &[("app", &context.app_names()), ("action", &action)])
    } else {
        fill(
            phrases.action_and_about,
            &[("action", &action), ("about", &about)],
        )
    };
    match context.reason {
        EmailReason::Nearer | EmailReason::Reminder => fill(phrases.reminder, &[("line", &line)]),
        EmailReason::Flapping => fill(phrases.flapping, &[("line", &line)]),
        EmailReason::Escalated => fill(phrases.escalated, &[("line", &line)]),
        _ => line,
    }
}

/// Such as `Maria Schmidt, 12 tokens of acme`.
fn about(context: &EmailContext<'_>) -> String {
    let (app, phrases) = (&context.incident.incident_key.app, context.phrases());
    if let Some(sink) = context.sink_name() {
        return fill(phrases.the_sink, &[("sink", sink)]);
    }
    if context.cause().is_about_database() {
        return phrases.the_database.to_owned();
    }
    if context.is_about_the_app() {
        let form = match context.apps {
            [_, _, ..] => phrases.the_apps,
            [] | [_] => phrases.the_app,
        };
        return fill(form, &[("app", &context.app_names())]);
    }
    let tokens = match context.tokens {
        [only] if context.count == 1 => token_rows::named(only, context),
        _ if !context.is_of_tokens() => fill(phrases.the_app, &[("app", app)]),
        _ if context.count == 0 => fill(phrases.tokens_of_app, &[("app", app)]),
        _ => fill(
            phrases.count_tokens_of_app,
            &[
                ("count", &context.language.count(context.count)),
                ("app", app),
            ],
        ),
    };
    match context.person_name() {
        Some(person) => format!("{person}, {tokens}"),
        None => tokens,
    }
}

/// The same on a line of its own. The names of people and tokens stay as they are.
fn about_line(context: &EmailContext<'_>) -> String {
    let about = about(context);
    match context.count == 1 || context.person_name().is_some() {
        true => about,
        false => sentences::capitalised(&about),
    }
}

fn color(context: &EmailContext<'_>) -> &'static str {
    let asks_for_nothing = context.reason == EmailReason::Withdrawn
        || !context.reason.is_over() && context.cause().waits_for_meta();
    let tone = match severity(context) {
        _ if asks_for_nothing => Tone::Idle,
        Severity::Info => Tone::Good,
        Severity::Warning => Tone::Warn,
        Severity::Critical => Tone::Bad,
    };
    tone.color()
}

fn severity(context: &EmailContext<'_>) -> Severity {
    let cause = context.cause();
    let works = match cause {
        // They work in part, unless Meta refuses them.
        Cause::PermissionMissing | Cause::DataAccessExpired => !context.is_refused(),
        _ => cause.is_upcoming() || cause == Cause::ConsumerBehind,
    };
    // Red asks the reader to act now, so what only Meta can end is not red.
    match context.reason.is_over() {
        true => Severity::Info,
        false if works || cause.waits_for_meta() => Severity::Warning,
        false => Severity::Critical,
    }
}

fn about_incident(context: &EmailContext<'_>) -> String {
    let (incident, phrases) = (context.incident, context.phrases());
    let (form, about) = match context.sink_name() {
        Some(sink) => (phrases.incident_of_sink, ("sink", sink)),
        None if context.cause().is_about_database() => (phrases.incident_of_database, ("app", "")),
        None => (
            phrases.incident,
            ("app", incident.incident_key.app.as_str()),
        ),
    };
    let id = incident.id.0.to_string();
    let opened_at = context.language.moment(incident.opened_at, context.zone);
    fill(form, &[("id", &id), about, ("at", &opened_at)])
}

fn why_you(context: &EmailContext<'_>) -> &'static str {
    match context.readers {
        Readers::Operators => context.phrases().you_operate,
        Readers::Owners if context.count == 0 => context.phrases().you_are_named_for_app,
        Readers::Owners => context.phrases().you_are_named,
    }
}

/// Where operators read more. Owners have no access to Perennial's machine.
fn in_the_book(context: &EmailContext<'_>) -> Option<String> {
    let is_for_operators = context.readers == Readers::Operators && !context.reason.is_over();
    let page = is_for_operators.then(|| book::section_of_cause(context.cause()))?;
    Some(fill(context.phrases().in_the_book, &[("page", &page)]))
}

fn footer(context: &EmailContext<'_>) -> Vec<String> {
    let calendar = context
        .calendar
        .map(|link| fill(context.phrases().calendar, &[("link", link)]));
    let lines = [
        sentences::filled(why_you(context), context),
        context.language.went_to(context.recipients),
        about_incident(context),
    ];
    let all = calendar.into_iter().chain(lines);
    all.chain(in_the_book(context)).collect()
}

#[cfg(test)]
mod tests;
