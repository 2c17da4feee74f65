//! The emails that are not about an incident: undelivered emails, failing channels, permissions never granted, and a
//! test. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::model::{EmailModel, InstructionLine};
use super::text::{Language, fill};
use super::{formatting, token_rows};
use crate::look::Tone;
use crate::model::{ChannelReport, NewEmail, Ungranted};

/// An email that asks for nothing, laid out like any other, to test the mail path.
pub(crate) fn test_email(language: Language, zone: &TimeZone, now: Timestamp) -> EmailModel {
    let phrases = language.phrases();
    EmailModel {
        language: language.code(),
        subject: phrases.test_email.to_owned(),
        color: Tone::Good.color(),
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
    let token_rows = found.tokens.iter();
    EmailModel {
        language: language.code(),
        subject: formatting::line(&fill(phrases.ungranted, &[("missing", &missing)])),
        color: Tone::Warn.color(),
        label: phrases.ungranted_label.to_owned(),
        headline: phrases.ungranted_headline.to_owned(),
        about: missing,
        why: phrases.ungranted_why.to_owned(),
        instructions_title: phrases.what_to_do,
        instructions: vec![
            step(
                phrases.ungranted_step,
                Some("perennial login --token NAME".to_owned()),
            ),
            step(phrases.ungranted_other_step, None),
        ],
        tokens_title: phrases.tokens,
        tokens: token_rows
            .map(|token| token_rows::ungranted(token, language))
            .collect(),
        count: language.count(found.count),
        more: language.and_more(unnamed),
        footer: vec![phrases.ungranted_footer.to_owned()],
        ..EmailModel::default()
    }
}

fn step(text: &str, command: Option<String>) -> InstructionLine {
    InstructionLine {
        text: text.to_owned(),
        command,
        link: None,
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
        color: Tone::Bad.color(),
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

/// The email to operators about a channel that does not take messages, or takes them again.
pub(crate) fn about_channel(
    language: Language,
    zone: &TimeZone,
    report: &ChannelReport,
) -> EmailModel {
    let phrases = language.phrases();
    let since = report.failing_since.unwrap_or_default();
    let at = language.moment(since, zone);
    let waiting = language.count(report.waiting);
    let reason = report.last_error.as_deref().unwrap_or_default();
    let values = [
        ("channel", report.channel.as_str()),
        ("at", &at),
        ("reason", reason),
        ("waiting", &waiting),
    ];
    let shared = EmailModel {
        language: language.code(),
        about: report.channel.clone(),
        footer: vec![phrases.channel_footer.to_owned()],
        ..EmailModel::default()
    };
    match report.failing_since {
        Some(_) => EmailModel {
            subject: fill(phrases.channel_failing, &values),
            color: Tone::Bad.color(),
            label: phrases.channel_failing_label.to_owned(),
            headline: phrases.channel_failing_headline.to_owned(),
            why: fill(phrases.channel_failing_why, &values),
            instructions_title: phrases.what_to_do,
            instructions: vec![
                step(phrases.channel_failing_step, None),
                step(
                    phrases.channel_failing_test,
                    Some(format!("perennial post-test {}", report.channel)),
                ),
            ],
            otherwise_title: phrases.meanwhile,
            otherwise: phrases.channel_kept.to_owned(),
            ..shared
        },
        None => EmailModel {
            subject: fill(phrases.channel_working, &values),
            color: Tone::Good.color(),
            label: phrases.channel_working_label.to_owned(),
            headline: fill(phrases.channel_working, &values),
            why: fill(phrases.channel_working_why, &values),
            ..shared
        },
    }
}
