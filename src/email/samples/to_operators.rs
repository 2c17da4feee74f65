//! Emails that are not about an incident: summaries, and what Perennial tells its operators about itself.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::DAY;
use super::fixtures::{summary, tokens};
use crate::email::digest_context::DigestContext;
use crate::email::model::EmailModel;
use crate::email::text::Language;
use crate::email::{digest, operator_emails};
use crate::model::{ActivityCounts, Cause, ChannelReport, Fleet, NewEmail, Scopes, Ungranted};

pub(super) fn pages(
    language: Language,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<(&'static str, EmailModel)> {
    let summary = || summary(language, zone, now);
    let channel = |since: Option<Timestamp>| ChannelReport {
        channel: "ops-chat".to_owned(),
        failing_since: since,
        last_error: since.map(|_| "it answered 404 Not Found".to_owned()),
        waiting: 12,
    };
    let about_channel = |since| operator_emails::about_channel(language, zone, &channel(since));
    vec![
        ("summary", digest::summary(&summary())),
        ("summary_quiet", digest::summary(&quiet(summary()))),
        ("summary_empty", digest::summary(&empty(summary()))),
        ("undelivered", undelivered(language)),
        ("channel_failing", about_channel(Some(now - DAY))),
        ("channel_working", about_channel(None)),
        (
            "ungranted",
            operator_emails::about_ungranted(language, &ungranted(now)),
        ),
        (
            "test_email",
            operator_emails::test_email(language, zone, now),
        ),
    ]
}

/// A week in which everything worked and no one has to act.
fn quiet(summary: DigestContext) -> DigestContext {
    DigestContext {
        fleet: Fleet {
            healthy: 1_214,
            ..Fleet::default()
        },
        incidents: Vec::new(),
        logins: Vec::new(),
        single_admin_pages: Vec::new(),
        versions: Vec::new(),
        activity: ActivityCounts {
            renewed: 31,
            ..ActivityCounts::default()
        },
        ..summary
    }
}

/// The first week, in which no token was imported.
fn empty(summary: DigestContext) -> DigestContext {
    DigestContext {
        fleet: Fleet::default(),
        activity: ActivityCounts::default(),
        ..quiet(summary)
    }
}

fn undelivered(language: Language) -> EmailModel {
    let lost = NewEmail {
        incident: None,
        message_id: "lost@example.com".to_owned(),
        in_reply_to: None,
        recipients: vec!["maria@example.com".to_owned()],
        subject: match language {
            Language::English => "Log in to Facebook again: Maria Schmidt, 12 tokens of acme",
            Language::German => "Bei Facebook wieder anmelden: Maria Schmidt, 12 Tokens von acme",
        }
        .to_owned(),
        text: String::new(),
        html: String::new(),
    };
    let reason = "550 5.2.2 the mailbox is full";
    operator_emails::about_undelivered(language, &lost, &lost.recipients, reason)
}

fn ungranted(now: Timestamp) -> Ungranted {
    let scopes = Scopes::parse("pages_messaging");
    let mut tokens = tokens(Cause::PermissionMissing, now);
    for token in &mut tokens {
        token.permissions.ungranted = scopes.clone();
    }
    Ungranted {
        count: 1_842,
        tokens,
        scopes,
    }
}
