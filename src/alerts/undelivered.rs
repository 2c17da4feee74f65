//! Tells the operators of letters that somebody does not get. Nobody is told of such a letter in turn.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Rules, letter};
use crate::inventory::{self, Inventory, Letter, NewLetter, Tx};

const CHUNK: usize = 50;

/// What the id of such a letter begins with.
const REPORT: &str = "undelivered-";

/// Writes a letter about each that is not reported yet; how many were written.
pub(super) async fn report(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let unreported = inventory.read(|view| view.letters_to_report(CHUNK)).await?;
    let mut written = 0;
    for lost in unreported {
        let rules = Arc::clone(rules);
        let wrote = inventory.write(move |tx| tell(tx, &lost, &rules, now));
        written += usize::from(wrote.await?);
    }
    Ok(written)
}

/// Marks it as reported in the same transaction. Whoever does not get the one would not get the other.
fn tell(
    tx: &Tx<'_>,
    lost: &Letter,
    rules: &Rules,
    now: Timestamp,
) -> Result<bool, inventory::Error> {
    tx.letter_reported(lost.id)?;
    let missed = missed(lost);
    let mut recipients = rules.operators.clone();
    recipients.retain(|operator| !missed.contains(operator));
    if recipients.is_empty() || lost.letter.message_id.starts_with(REPORT) {
        return Ok(false);
    }
    let reason = lost.last_error.as_deref().unwrap_or_default();
    let page = letter::about_undelivered(rules.language, &lost.letter, &missed, reason);
    let words = rules.layout.words(&page);
    let letter = NewLetter {
        incident: None,
        message_id: format!(
            "{REPORT}{}.{}@{}",
            lost.id.0,
            lost.written_at.as_second(),
            rules.message_domain
        ),
        in_reply_to: Some(lost.letter.message_id.clone()),
        recipients,
        subject: words.subject,
        text: words.text,
        html: words.html,
    };
    tx.write_letter(&letter, now)?;
    Ok(true)
}

/// Those who were to have it and have not.
fn missed(lost: &Letter) -> Vec<String> {
    let all = lost.letter.recipients.iter();
    all.filter(|to| !lost.reached.contains(to))
        .cloned()
        .collect()
}
