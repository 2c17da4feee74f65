//! Notifies the operators of emails that could not be delivered. A report that is undeliverable itself causes no
//! further report.

use std::sync::Arc;

use jiff::Timestamp;

use super::Rules;
use crate::email::model;
use crate::inventory::{self, Inventory, Tx};
use crate::model::{Email, NewEmail};

const CHUNK: usize = 50;

/// The start of the message id of such a report.
const REPORT: &str = "undelivered-";

/// Writes a report about each unreported email. Returns how many were written.
pub(super) async fn report(
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
/// report either.
fn report_one(
    tx: &Tx<'_>,
    lost: &Email,
    rules: &Rules,
    now: Timestamp,
) -> Result<bool, inventory::Error> {
    tx.mark_reported(lost.id)?;
    let missed = missed(lost);
    let mut recipients = rules.operators.clone();
    recipients.retain(|operator| !missed.contains(operator));
    if recipients.is_empty() || lost.email.message_id.starts_with(REPORT) {
        return Ok(false);
    }
    let reason = lost.last_error.as_deref().unwrap_or_default();
    let page = model::about_undelivered(rules.language, &lost.email, &missed, reason);
    let rendered = rules.templates.render_email(&page);
    let email = NewEmail {
        incident: None,
        message_id: format!(
            "{REPORT}{}.{}@{}",
            lost.id.0,
            lost.written_at.as_second(),
            rules.message_domain
        ),
        in_reply_to: Some(lost.email.message_id.clone()),
        recipients,
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
    };
    tx.enqueue_email(&email, now)?;
    Ok(true)
}

/// The recipients that the email did not reach.
fn missed(lost: &Email) -> Vec<String> {
    let all = lost.email.recipients.iter();
    all.filter(|to| !lost.reached.contains(to))
        .cloned()
        .collect()
}
