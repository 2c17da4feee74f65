//! Emails to the operators that belong to no incident: permissions that tokens never had, emails that could not be
//! delivered, and channels that do not take messages.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::review::LISTED;
use super::{Rules, policy};
use crate::email::operator_emails;
use crate::inventory::{self, Inventory, Tx};
use crate::model::{
    ChannelReport, Email, NewEmail, NewPost, PostContent, PostFacts, PostKind, PostedChannel,
    Severity,
};

/// The number of undelivered emails that one run reports.
const CHUNK: usize = 50;

/// How long a channel fails before others are notified. One that refuses messages is reported at once.
const CHANNEL_FAILS_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The starts of the message ids.
const UNGRANTED: &str = "ungranted-";
const UNDELIVERED: &str = "undelivered-";

/// Reports required permissions that tokens never had, if that is due: once for each, and never to the owners, because
/// the configuration requires more than was granted. Returns how many emails were written.
pub(super) async fn about_ungranted(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let (first, last) = inventory
        .read(|view| Ok((view.first_ungranted()?, view.last_email(UNGRANTED)?)))
        .await?;
    if rules.operators.is_empty() || !policy::ungranted_due(first, last, now) {
        return Ok(0);
    }
    let rules = Arc::clone(rules);
    let write = inventory.write(move |tx| {
        let found = tx.take_ungranted(LISTED)?;
        if found.count == 0 {
            return Ok(0);
        }
        let page = operator_emails::about_ungranted(rules.language, &found);
        let message_id = format!("{UNGRANTED}{}@{}", now.as_second(), rules.message_domain);
        let rendered = rules.templates.render_email(&page);
        tx.enqueue_email(
            &rendered.addressed(rules.operators.clone(), message_id),
            now,
        )?;
        Ok(1)
    });
    write.await
}

/// Reports each undelivered email once. Returns how many reports were written.
pub(super) async fn about_undelivered(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let unreported = inventory.read(|view| view.emails_to_report(CHUNK)).await?;
    let mut written = 0;
    for lost in unreported {
        let rules = Arc::clone(rules);
        let wrote = inventory.write(move |tx| report_one(tx, &lost, &rules, now));
        written += usize::from(wrote.await?);
    }
    Ok(written)
}

/// Writes the report and marks the email as reported in one transaction. Operators who missed the email do not get the
/// report either, and a report that is undeliverable itself causes no other.
fn report_one(
    tx: &Tx<'_>,
    lost: &Email,
    rules: &Rules,
    now: Timestamp,
) -> Result<bool, inventory::Error> {
    tx.mark_reported(lost.id)?;
    let mut missed = lost.email.recipients.clone();
    missed.retain(|to| !lost.reached.contains(to));
    let mut recipients = rules.operators.clone();
    recipients.retain(|operator| !missed.contains(operator));
    if recipients.is_empty() || lost.email.message_id.starts_with(UNDELIVERED) {
        return Ok(false);
    }
    let reason = lost.last_error.as_deref().unwrap_or_default();
    let page = operator_emails::about_undelivered(rules.language, &lost.email, &missed, reason);
    let (id, written) = (lost.id.0, lost.written_at.as_second());
    let message_id = format!("{UNDELIVERED}{id}.{written}@{}", rules.message_domain);
    let email = NewEmail {
        in_reply_to: Some(lost.email.message_id.clone()),
        ..rules
            .templates
            .render_email(&page)
            .addressed(recipients, message_id)
    };
    tx.enqueue_email(&email, now)?;
    Ok(true)
}

/// Reports each channel that does not take messages once, by email and on the other channels, and that it works again.
/// Returns how many emails were written.
pub(super) async fn about_channels(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let cutoff = now.checked_sub(CHANNEL_FAILS_FOR).unwrap_or(Timestamp::MIN);
    let reports = inventory.read(move |view| view.channels_to_report(cutoff));
    let mut written = 0;
    for report in reports.await? {
        let rules = Arc::clone(rules);
        let write = inventory.write(move |tx| {
            tx.mark_channel_reported(&report, now)?;
            report_to_others(tx, &report, &rules, now)?;
            report_to_operators(tx, &report, &rules, now)
        });
        written += usize::from(write.await?);
    }
    Ok(written)
}

fn report_to_operators(
    tx: &Tx<'_>,
    report: &ChannelReport,
    rules: &Rules,
    now: Timestamp,
) -> Result<bool, inventory::Error> {
    if rules.operators.is_empty() {
        return Ok(false);
    }
    let page = operator_emails::about_channel(rules.language, &rules.timezone, report);
    let message_id = format!(
        "{}@{}",
        channel_report_id(report, now),
        rules.message_domain
    );
    let email = rules.templates.render_email(&page);
    tx.enqueue_email(&email.addressed(rules.operators.clone(), message_id), now)?;
    Ok(true)
}

fn report_to_others(
    tx: &Tx<'_>,
    report: &ChannelReport,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let page = operator_emails::about_channel(rules.language, &rules.timezone, report);
    let (kind, severity) = match report.failing_since {
        Some(_) => (PostKind::ChannelFailing, Severity::Warning),
        None => (PostKind::ChannelWorking, Severity::Info),
    };
    let domain = rules.message_domain.replace('.', "-");
    let content = PostContent {
        thread: format!("channel-{}@{domain}", report.channel),
        title: page.subject,
        text: [page.why, page.otherwise].join(" ").trim().to_owned(),
        severity,
        facts: PostFacts::Channel(PostedChannel {
            channel: report.channel.clone(),
            failing_since: report.failing_since,
            error: report.last_error.clone(),
        }),
    };
    let others = rules.channels.iter();
    for other in others.filter(|other| other.name != report.channel) {
        let post = NewPost {
            channel: other.name.clone(),
            incident: None,
            message_id: format!("{}@{domain}", channel_report_id(report, now)),
            kind,
            content: content.clone(),
        };
        tx.enqueue_post(&post, now)?;
    }
    Ok(())
}

fn channel_report_id(report: &ChannelReport, now: Timestamp) -> String {
    // A channel's name may contain full stops.
    let channel = report.channel.replace('.', "-");
    match report.failing_since {
        Some(since) => format!("channel-{channel}-failing-{}", since.as_second()),
        None => format!("channel-{channel}-working-{}", now.as_second()),
    }
}
