//! A message for a Teams workflow ("post to a channel when a webhook request is received"): an adaptive card.

use serde_json::{Value, json};

use super::Message;
use super::text::{Mark, cut, inert};

/// Teams takes 28 kB in all.
const LONGEST: usize = 4_000;
const MOST_LINES: usize = 30;

pub(super) fn body(message: &Message) -> Value {
    let title = json!({
        "type": "TextBlock",
        "text": shown(&message.title),
        "weight": "Bolder",
        "size": "Medium",
        "color": color(message.mark()),
        "wrap": true,
    });
    let plain = |text: String| json!({ "type": "TextBlock", "text": text, "wrap": true });
    let lines = message.lines.iter().take(MOST_LINES);
    let list: Vec<String> = lines.map(|line| format!("- {}", inert(line))).collect();
    let texts = [shown(&message.text), cut(&list.join("\r"), LONGEST)];
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    let blocks: Vec<Value> = [title].into_iter().chain(texts.map(plain)).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": blocks,
            },
        }],
    })
}

fn shown(text: &str) -> String {
    cut(&inert(text), LONGEST)
}

const fn color(mark: Mark) -> &'static str {
    match mark {
        Mark::Bad => "Attention",
        Mark::Warning => "Warning",
        Mark::Good => "Good",
    }
}
