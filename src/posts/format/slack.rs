//! A message for an incoming webhook of Slack. It names no channel, because newer webhooks refuse that.

use serde_json::{Value, json};

use super::Message;
use super::text::{cut, inert};

/// Discord takes no longer texts.
const LONGEST: usize = 1_900;
const LONGEST_TITLE: usize = 300;
const LONGEST_TEXT: usize = 1_000;

pub(super) fn body(message: &Message) -> Value {
    let title = escaped(&cut(&message.title, LONGEST_TITLE));
    let mut text = format!("{} *{title}*", message.mark().symbol());
    let lines = message.lines.iter().map(|line| format!("• {line}"));
    let first = cut(&message.text, LONGEST_TEXT);
    for line in [first].into_iter().chain(lines) {
        let line = escaped(&line);
        if !line.is_empty() && text.len() + line.len() < LONGEST {
            text = format!("{text}\n{line}");
        }
    }
    json!({ "text": text })
}

/// The three characters that Slack gives a meaning to are escaped.
fn escaped(text: &str) -> String {
    inert(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
