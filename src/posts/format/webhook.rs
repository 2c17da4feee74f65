//! An event for programs, in the shape that Standard Webhooks recommends.

use serde_json::{Value, json};

use super::Message;
use crate::model::PostKind;

pub(super) fn body(message: &Message) -> Value {
    let mut data = json!(message.facts);
    data["title"] = message.title.clone().into();
    data["text"] = message.text.clone().into();
    json!({
        "type": event_type(message.kind),
        "timestamp": message.written_at,
        "data": data,
    })
}

const fn event_type(kind: PostKind) -> &'static str {
    match kind {
        PostKind::IncidentOpened => "incident.opened",
        PostKind::IncidentUpdated => "incident.updated",
        PostKind::IncidentResolved => "incident.resolved",
        PostKind::TokenRenewed => "token.renewed",
        PostKind::ChannelFailing => "channel.failing",
        PostKind::ChannelWorking => "channel.working",
        PostKind::Test => "test",
    }
}
