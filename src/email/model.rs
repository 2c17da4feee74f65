//! Turns facts into subject, text and HTML. Pure. Names from outside are cleaned and escaped here.

mod digest;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::context::EmailContext;
use super::expiry_bars::{self, ExpiryGroup};
use super::instructions::{self, InstructionLine};
use super::text::{Language, fill};
use super::token_rows::{self, Row};
use super::{formatting, sentences};
use crate::email::EmailReason;
use crate::model::{Cause, NewEmail, Ungranted};

use digest::Section;
pub(crate) use digest::summary;

/// The maximum number of recipients listed in an email.
const NAMED_RECIPIENTS: usize = 20;

/// An email ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RenderedEmail {
    pub(crate) subject: String,
    pub(crate) text: String,
    /// Empty for a text-only email.
    pub(crate) html: String,
}

/// The values of both templates, as documented for operators in README.md.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EmailModel {
    pub(crate) language: &'static str,
    pub(crate) subject: String,
    pub(crate) color: &'static str,
    pub(crate) label: String,
    pub(crate) headline: String,
    pub(crate) about: String,
    pub(crate) why: String,
    pub(crate) expiries_title: &'static str,
    pub(crate) expiries: Vec<ExpiryGroup>,
    pub(crate) instructions_title: &'static str,
    pub(crate) instructions: Vec<InstructionLine>,
    pub(crate) otherwise_title: &'static str,
    pub(crate) otherwise: String,
    pub(crate) tokens_title: &'static str,
    pub(crate) tokens: Vec<Row>,
    pub(crate) count: String,
    pub(crate) more: Option<String>,
    pub(crate) sections: Vec<Section>,
    pub(crate) footer: Vec<String>,
}

/// Colours that are readable on white and on black, with white text on them.
pub(crate) const RED: &str = "#c8352a";
pub(crate) const AMBER: &str = "#a86400";
pub(crate) const GREEN: &str = "#1e7e42";

/// An email that asks for nothing, laid out like any other, to test the mail path.
pub(crate) fn test_email(language: Language, zone: &TimeZone, now: Timestamp) -> EmailModel {
    let phrases = language.phrases();
    EmailModel {
        language: language.code(),
        subject: phrases.test_email.to_owned(),
        color: GREEN,
        label: phrases.trying_label.to_owned(),
        headline: phrases.test_email.to_owned(),
        about: phrases.trying_about.to_owned(),
        why: phrases.trying_why.to_owned(),
        footer: vec![fill(
            phrases.trying_footer,
            &[("at", &language.moment(now, zone))],
        )],
        ..EmailModel::default()
    }
}

/// The email to operators about permissions that tokens never had.
pub(crate) fn about_ungranted(language: Language, found: &Ungranted) -> EmailModel {
    let phrases = language.phrases();
    let scopes: Vec<String> = found.scopes.iter().map(formatting::line).collect();
    let missing = language.all_of(&scopes);
    let unnamed = found.count.saturating_sub(found.tokens.len() as u64);
    let more = fill(phrases.and_more, &[("count", &language.count(unnamed))]);
    let token_rows = found.tokens.iter();
    EmailModel {
        language: language.code(),
        subject: formatting::line(&fill(phrases.ungranted, &[("missing", &missing)])),
        color: AMBER,
        label: phrases.ungranted_label.to_owned(),
        headline: phrases.ungranted_headline.to_owned(),
        about: missing,
        why: phrases.ungranted_why.to_owned(),
        otherwise_title: phrases.what_to_do,
        otherwise: phrases.ungranted_step.to_owned(),
        tokens_title: phrases.tokens,
        tokens: token_rows
            .map(|token| token_rows::ungranted(token, language))
            .collect(),
        count: language.count(found.count),
        more: (unnamed > 0).then_some(more),
        footer: vec![phrases.ungranted_footer.to_owned()],
        ..EmailModel::default()
    }
}

/// The email to operators about recipients who were not reached.
pub(crate) fn about_undelivered(
    language: Language,
    lost: &NewEmail,
    missed: &[String],
    reason: &str,
) -> EmailModel {
    let phrases = language.phrases();
    let missed: Vec<String> = missed.iter().map(|to| formatting::line(to)).collect();
    let missed = language.all_of(&missed);
    let values = [
        ("missed", missed.as_str()),
        ("subject", &lost.subject),
        ("reason", reason),
    ];
    EmailModel {
        language: language.code(),
        subject: formatting::line(&fill(phrases.undelivered, &values)),
        color: RED,
        label: phrases.undelivered_label.to_owned(),
        headline: phrases.undelivered_headline.to_owned(),
        about: missed.clone(),
        why: fill(phrases.undelivered_why, &values),
        otherwise_title: phrases.what_to_do,
        otherwise: phrases.undelivered_step.to_owned(),
        footer: vec![fill(phrases.undelivered_footer, &values)],
        ..EmailModel::default()
    }
}

pub(crate) fn page(context: &EmailContext<'_>) -> EmailModel {
    let phrases = context.phrases();
    let unnamed = context.count.saturating_sub(context.tokens.len() as u64);
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
        tokens: token_rows::token_rows(context),
        count: context.language.count(context.count),
        more: (unnamed > 0).then(|| {
            let count = context.language.count(unnamed);
            fill(phrases.and_more, &[("count", &count)])
        }),
        sections: Vec::new(),
        footer: footer(context),
    }
}

/// Who must do what by when, in one line.
fn subject(context: &EmailContext<'_>) -> String {
    let phrases = context.phrases();
    let (action, about) = (sentences::action(context), about(context));
    let line = if context.is_about_the_app() && !context.reason.is_over() {
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
    let cause = context.cause();
    let works = cause.is_upcoming() || cause == Cause::PermissionMissing;
    // Red asks the reader to act now, so what only Meta can end is not red.
    match context.reason.is_over() {
        true => GREEN,
        false if works || cause.waits_for_meta() => AMBER,
        false => RED,
    }
}

fn footer(context: &EmailContext<'_>) -> Vec<String> {
    let incident = context.incident;
    let opened_at = context.language.moment(incident.opened_at, context.zone);
    vec![
        context.phrases().about_perennial.to_owned(),
        recipients_of(context.recipients, context.language),
        fill(
            context.phrases().incident,
            &[
                ("id", &incident.id.0.to_string()),
                ("app", &incident.incident_key.app),
                ("at", &opened_at),
            ],
        ),
    ]
}

/// The line that lists the recipients, so that each one sees who else was notified.
fn recipients_of(all: &[String], language: Language) -> String {
    let phrases = language.phrases();
    let named = all
        .iter()
        .take(NAMED_RECIPIENTS)
        .map(|to| formatting::line(to));
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
