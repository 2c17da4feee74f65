//! Tells the operators of required permissions that tokens never had. Once for each, and their owners not at all: it is
//! the configuration that asks for more than was granted.

use std::sync::Arc;

use jiff::Timestamp;

use super::review::LISTED;
use super::{Rules, letter, policy};
use crate::inventory::{self, Inventory, NewLetter, Tx};

/// What the id of such a letter begins with.
const REPORT: &str = "ungranted-";

/// Writes the letter that is due; how many were written.
pub(super) async fn report(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let (first, last) = inventory
        .read(|view| Ok((view.first_ungranted()?, view.last_letter(REPORT)?)))
        .await?;
    if rules.operators.is_empty() || !policy::ungranted_due(first, last, now) {
        return Ok(0);
    }
    let rules = Arc::clone(rules);
    inventory.write(move |tx| tell(tx, &rules, now)).await
}

/// The letter and its mark in one transaction.
fn tell(tx: &Tx<'_>, rules: &Rules, now: Timestamp) -> Result<usize, inventory::Error> {
    let found = tx.take_ungranted(LISTED)?;
    if found.count == 0 {
        return Ok(0);
    }
    let page = letter::about_ungranted(rules.language, &found);
    let words = rules.layout.words(&page);
    let letter = NewLetter {
        incident: None,
        message_id: format!("{REPORT}{}@{}", now.as_second(), rules.message_domain),
        in_reply_to: None,
        recipients: rules.operators.clone(),
        subject: words.subject,
        text: words.text,
        html: words.html,
    };
    tx.write_letter(&letter, now)?;
    Ok(1)
}
