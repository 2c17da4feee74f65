//! Notifies the operators of required permissions that tokens never had. Each is reported once, and never to the
//! owners, because the configuration requires more than was granted.

use std::sync::Arc;

use jiff::Timestamp;

use super::review::LISTED;
use super::{Rules, policy};
use crate::email::model;
use crate::inventory::{self, Inventory, Tx};
use crate::model::NewEmail;

/// The start of the message id of such an email.
const REPORT: &str = "ungranted-";

/// Writes the email if it is due. Returns how many were written.
pub(super) async fn report(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let (first, last) = inventory
        .read(|view| Ok((view.first_ungranted()?, view.last_email(REPORT)?)))
        .await?;
    if rules.operators.is_empty() || !policy::ungranted_due(first, last, now) {
        return Ok(0);
    }
    let rules = Arc::clone(rules);
    inventory.write(move |tx| report_one(tx, &rules, now)).await
}

/// Writes the email and marks the permissions as reported in one transaction.
fn report_one(tx: &Tx<'_>, rules: &Rules, now: Timestamp) -> Result<usize, inventory::Error> {
    let found = tx.take_ungranted(LISTED)?;
    if found.count == 0 {
        return Ok(0);
    }
    let page = model::about_ungranted(rules.language, &found);
    let rendered = rules.templates.render_email(&page);
    let email = NewEmail {
        incident: None,
        message_id: format!("{REPORT}{}@{}", now.as_second(), rules.message_domain),
        in_reply_to: None,
        recipients: rules.operators.clone(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
    };
    tx.enqueue_email(&email, now)?;
    Ok(1)
}
