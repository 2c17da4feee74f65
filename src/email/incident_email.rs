//! The email about an incident, from its facts. Pure. Names from outside are cleaned and escaped here.

use super::context::EmailContext;
use super::model::{AMBER, EmailModel, GREEN, RED};
use super::text::fill;
use super::{expiry_bars, instructions, sentences, token_rows};
use crate::model::{Cause, EmailReason, Severity};

pub(crate) fn page(context: &EmailContext<'_>) -> EmailModel {
    let phrases = context.phrases();
    let tokens = token_rows::token_rows(context);
    let unnamed = context.count.saturating_sub(tokens.len() as u64);
    EmailModel {
        language: context.language.code(),
        subject: subject(context),
        color: color(context),
        label: sentences::label(context),
        headline: sentences::action(context),
        about: about(context),
        why: sentences::why(context),
        expiries_title: phrases.time_left,
        expiries: expiry_bars::expiry_groups(context),
        instructions_title: phrases.what_to_do,
        instructions: instructions::steps(context),
        otherwise_title: sentences::otherwise_title(context),
        otherwise: sentences::otherwise(context),
        tokens_title: phrases.tokens,
        tokens,
        count: context.language.count(context.count),
        more: context.language.and_more(unnamed),
        sections: Vec::new(),
        footer: footer(context),
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
        sentences::why(&unaddressed),
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

fn color(context: &EmailContext<'_>) -> &'static str {
    match severity(context) {
        Severity::Info => GREEN,
        Severity::Warning => AMBER,
        Severity::Critical => RED,
    }
}

fn severity(context: &EmailContext<'_>) -> Severity {
    let cause = context.cause();
    let works =
        cause.is_upcoming() || matches!(cause, Cause::PermissionMissing | Cause::ConsumerBehind);
    // Red asks the reader to act now, so what only Meta can end is not red.
    match context.reason.is_over() {
        true => Severity::Info,
        false if works || cause.waits_for_meta() => Severity::Warning,
        false => Severity::Critical,
    }
}

fn footer(context: &EmailContext<'_>) -> Vec<String> {
    let incident = context.incident;
    let opened_at = context.language.moment(incident.opened_at, context.zone);
    let (form, about) = match context.sink_name() {
        Some(sink) => (context.phrases().incident_of_sink, ("sink", sink)),
        None if context.cause().is_about_database() => {
            (context.phrases().incident_of_database, ("app", ""))
        }
        None => {
            let app = incident.incident_key.app.as_str();
            (context.phrases().incident, ("app", app))
        }
    };
    let calendar = context
        .calendar
        .map(|link| fill(context.phrases().calendar, &[("link", link)]));
    let lines = [
        sentences::filled(context.phrases().about_perennial, context),
        context.language.went_to(context.recipients),
        fill(
            form,
            &[
                ("id", &incident.id.0.to_string()),
                about,
                ("at", &opened_at),
            ],
        ),
    ];
    calendar.into_iter().chain(lines).collect()
}

#[cfg(test)]
mod tests;
