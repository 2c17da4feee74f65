//! An event for PagerDuty's Events API v2. The posts about one incident share a key, so that the last one resolves what
//! the first one triggered.

use serde_json::{Value, json};

use super::Message;
use super::text::{cut, line};
use crate::model::{PostFacts, PostKind, Severity};
use crate::secret::Secret;

/// The limits of the API in characters; counted in bytes here, which is never more.
const LONGEST_KEY: usize = 255;
const LONGEST_SUMMARY: usize = 1_024;

pub(super) fn body(message: &Message, routing_key: &Secret) -> Value {
    let is_over = matches!(
        message.kind,
        PostKind::IncidentResolved | PostKind::ChannelWorking
    );
    let mut body = json!({
        "routing_key": routing_key.expose(),
        "event_action": if is_over { "resolve" } else { "trigger" },
        "dedup_key": cut(&format!("perennial-{}", message.thread), LONGEST_KEY),
    });
    if !is_over {
        body["client"] = "Perennial".into();
        body["payload"] = payload(message);
    }
    body
}

fn payload(message: &Message) -> Value {
    let mut payload = json!({
        "summary": cut(&line(&message.title), LONGEST_SUMMARY),
        "source": "perennial",
        "severity": severity(message.severity),
        "timestamp": message.written_at,
        "custom_details": { "text": message.text, "facts": message.facts },
    });
    if !message.lines.is_empty() {
        payload["custom_details"]["list"] = message.lines.clone().into();
    }
    if let PostFacts::Incident(incident) = &message.facts {
        payload["component"] = incident.app.clone().into();
        payload["class"] = incident.cause.as_str().into();
    }
    payload
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
