//! Who uses a token, in a line for each.

use jiff::Timestamp;

use crate::api::types::{ConsumerView, TokenView};
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::time;

/// `chatbot uses version 3 since 2 h ago, and was given 4`
pub(super) fn lines(token: &TokenView, now: Timestamp, format: &TerminalFormat) -> Vec<String> {
    let consumers = token.consumers.iter();
    consumers
        .map(|consumer| line(consumer, now, format))
        .collect()
}

fn line(consumer: &ConsumerView, now: Timestamp, format: &TerminalFormat) -> String {
    let name = &consumer.name;
    let since = |at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| {
            format!(" ({})", time::describe(at, now, format))
        })
    };
    let given = consumer
        .seen_version
        .map(|version| format!("was given version {version}{}", since(consumer.seen_at)));
    let used = consumer
        .in_use_version
        .map(|version| format!("uses version {version}{}", since(consumer.in_use_at)));
    match (used, given) {
        (Some(used), Some(given)) if consumer.seen_version > consumer.in_use_version => {
            format!("{name} {used}, and {given}")
        }
        (Some(used), _) => format!("{name} {used}"),
        (None, Some(given)) => format!("{name} {given}"),
        (None, None) => name.clone(),
    }
}
