//! emails-reference.md: every kind of email: why it is written, to whom, with which subject, and when again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use perennial::email::Templates;
use perennial::email::samples;
use perennial::email::text::Language;
use perennial::model::Cause;
use perennial::monitor::Alarm;

use super::{Result, code, in_cell, page, paragraph, prose};

const INTRO: &str = "Every kind of email, with the subject of an example in English. `perennial check-config --emails FOLDER` writes
all of them as text and HTML. [The emails](emails.md) says how they are sent, and how you change their templates.
[Configuration](configuration.md#alerts) has the keys that decide who gets them and when.";

const INCIDENTS: &str = "An email is written two minutes after an incident opens, so that it names all tokens that the same sweep found.
Emails to owners go to the operators if a token has no owner, and in copy with `copy_operators`. `[[alerts.route]]` can change
the recipients, and `quiet_hours` and `working_days` hold back what can wait.";

const LATER: &str = "These answer the first email of their incident, so that mail programs show them as one thread.";

/// Emails that follow the first one about an incident: the name of the sample, and when it is written.
const FOLLOWING: [(&str, &str); 8] = [
    (
        "nearer",
        "The next step of `warn_before` is reached, and the token still works. After the last step: every `remind_every`.",
    ),
    (
        "reminder",
        "No one has fixed it within `remind_every`. Only what is still broken is listed.",
    ),
    (
        "grown",
        "More tokens joined an incident in which each token needs its own fix. At the earliest 4 hours after the email before.",
    ),
    (
        "flapping",
        "The problem came back twice within a week of its end. From then on, the incident stays open until it has been \
                  gone for a day.",
    ),
    (
        "escalated",
        "No one has acted within `escalate_after`. To the addresses in `escalate_to`, once.",
    ),
    (
        "recovered",
        "It is over. To everyone who got an email about it.",
    ),
    ("app_recovered", "The app works again. To the operators."),
    (
        "withdrawn",
        "The tokens of the incident were removed. To everyone who got an email about it.",
    ),
];

/// Emails that are not about an incident: the name of the sample, to whom, and when it is written.
const OTHERS: [(&str, &str, &str); 6] = [
    (
        "summary",
        "the operators",
        "At the times of `[schedule] digest`: what works, what needs a login within 30 days, what does not work, \
                                  and what changed since the last summary.",
    ),
    (
        "undelivered",
        "the operators",
        "A recipient does not get an email about an open matter. Once for each such email.",
    ),
    (
        "channel_failing",
        "the operators",
        "A channel of `[[alerts.post]]` does not accept messages. Once, until it works again.",
    ),
    (
        "channel_working",
        "the operators",
        "A channel that was reported accepts messages again.",
    ),
    (
        "ungranted",
        "the operators",
        "Tokens were imported that never had a permission which they must have. At most once a day.",
    ),
    (
        "test_email",
        "the address that you name",
        "`perennial mail-test`.",
    ),
];

/// Samples that show one of the emails above in another case.
const VARIANTS: [&str; 12] = [
    "login_link",
    "login_link_dead",
    "login_link_permission",
    "check_link",
    "refused_permission",
    "renewed_in_time",
    "delivery_recovered",
    "consumer_recovered",
    "one_page",
    "system_user",
    "summary_quiet",
    "summary_empty",
];

/// Subjects by the name of the sample.
fn subjects() -> Result<BTreeMap<String, String>> {
    let now: Timestamp = "2026-11-30T09:00:00Z".parse()?;
    let samples = samples::emails(&Templates::default(), &TimeZone::UTC, now).into_iter();
    let samples = samples.filter(|sample| sample.language == Language::English);
    let of_owners = samples.filter(|sample| !sample.name.ends_with("-operators"));
    Ok(of_owners
        .map(|sample| (sample.name, sample.subject))
        .collect())
}

pub fn text() -> Result<String> {
    let subjects = subjects()?;
    let mut page = page(
        "Every email",
        "the emails, causes and alarms of the program",
    );
    paragraph(&mut page, INTRO);
    page.push_str("\n## When an incident opens\n");
    paragraph(&mut page, INCIDENTS);
    for cause in Cause::ALL {
        entry(&mut page, cause.as_str(), &subjects[cause.as_str()]);
        let meaning = format!(
            "Why: {}. [About this cause](causes.md#{cause}).",
            prose(cause.describe())
        );
        paragraph(&mut page, &meaning);
        let next = format!("To {}. Again: {}.", recipients(*cause), repeated(*cause));
        paragraph(&mut page, &next);
    }
    page.push_str("\n## While an incident is open, and when it ends\n");
    paragraph(&mut page, LATER);
    for (name, meaning) in FOLLOWING {
        entry(&mut page, name, &subjects[name]);
        paragraph(&mut page, meaning);
    }
    page.push_str("\n## To the operators, about no incident\n");
    for (name, to, meaning) in OTHERS {
        entry(&mut page, name, &subjects[name]);
        paragraph(&mut page, &format!("{meaning} To {to}."));
    }
    of_the_monitor(&mut page);
    Ok(page)
}

fn entry(page: &mut String, name: &str, subject: &str) {
    page.push_str(&format!("\n### {name}\n"));
    paragraph(page, &format!("Subject: {}", code(&in_cell(subject))));
}

const MONITOR: &str = "`perennial-check.timer` runs `perennial doctor --alert` every 15 minutes. It sends these emails itself, without
the daemon, to the operators: one when the problem begins, a reminder once a day, and one when it is over.";

fn of_the_monitor(page: &mut String) {
    page.push_str("\n## From the monitor, about Perennial itself\n");
    paragraph(page, MONITOR);
    for alarm in Alarm::ALL {
        entry(page, alarm.as_str(), &format!("{} (host)", alarm.subject()));
        paragraph(page, &prose(alarm.meaning()));
    }
    page.push_str("\n## From setup\n\n`perennial setup` sends one test email to the operators.\n");
}

fn recipients(cause: Cause) -> &'static str {
    match cause.concerns_operator() {
        true => "the operators",
        false => "the owners of the tokens",
    }
}

/// As the policy of emails decides by the same properties of the cause.
fn repeated(cause: Cause) -> &'static str {
    if cause.is_upcoming() {
        "at each step of `warn_before`, and every `remind_every` after the last one"
    } else if cause.waits_for_meta() {
        "only when it is over"
    } else if cause.is_about_database() {
        "never; the incident ends when someone acknowledges it, or after a week"
    } else {
        "every `remind_every`, and when it is over"
    }
}

#[test]
fn every_sample_is_one_of_the_kinds() -> Result {
    let samples: BTreeSet<String> = subjects()?.into_keys().collect();
    let causes = Cause::ALL.iter().map(|cause| cause.as_str());
    let kinds = causes
        .chain(FOLLOWING.map(|(name, _)| name))
        .chain(OTHERS.map(|(name, ..)| name))
        .chain(VARIANTS);
    let kinds: BTreeSet<String> = kinds.map(str::to_owned).collect();
    assert_eq!(samples, kinds);
    Ok(())
}
