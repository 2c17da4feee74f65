//! What a message looks like for each service. Pure.

mod pagerduty;
mod slack;
mod teams;
mod text;
mod webhook;

use jiff::Timestamp;
use serde_json::Value;

use super::Format;
use crate::model::{Post, PostFacts, PostKind, Severity};
use crate::outbox::standard_webhooks;
use text::Mark;

/// One message: a post, or the summary of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) thread: String,
    pub(super) kind: PostKind,
    pub(super) title: String,
    pub(super) text: String,
    /// Lines of a list below the text.
    pub(super) lines: Vec<String>,
    pub(super) severity: Severity,
    pub(super) facts: PostFacts,
    pub(super) written_at: Timestamp,
}

/// The body of a request with the headers that sign it.
pub(super) struct Request {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl From<&Post> for Message {
    fn from(waiting: &Post) -> Self {
        let (post, content) = (&waiting.post, waiting.post.content.clone());
        Self {
            id: post.message_id.clone(),
            thread: content.thread,
            kind: post.kind,
            title: content.title,
            text: content.text,
            lines: token_names(&content.facts),
            severity: content.severity,
            facts: content.facts,
            written_at: waiting.written_at,
        }
    }
}

/// The tokens of an incident, as the lines of a list.
fn token_names(facts: &PostFacts) -> Vec<String> {
    let PostFacts::Incident(incident) = facts else {
        return Vec::new();
    };
    let mut lines = incident.tokens.clone();
    let unnamed = incident.tokens_affected.saturating_sub(lines.len() as u64);
    if unnamed > 0 && !lines.is_empty() {
        lines.push(format!("… {unnamed} more"));
    }
    lines
}

impl Message {
    pub(super) fn request(&self, format: &Format, now: Timestamp) -> Request {
        let body: Value = match format {
            Format::Slack => slack::body(self),
            Format::Teams => teams::body(self),
            Format::PagerDuty { routing_key } => pagerduty::body(self, routing_key),
            Format::Webhook { .. } => webhook::body(self),
        };
        let body = body.to_string().into_bytes();
        let headers = match format {
            Format::Webhook { secrets } => {
                standard_webhooks::headers(secrets, &self.id, &body, now).into()
            }
            Format::Slack | Format::Teams | Format::PagerDuty { .. } => Vec::new(),
        };
        Request { headers, body }
    }

    fn mark(&self) -> Mark {
        match (self.kind, self.severity) {
            (PostKind::IncidentResolved | PostKind::ChannelWorking, _) => Mark::Good,
            (_, Severity::Critical) => Mark::Bad,
            (_, Severity::Warning) => Mark::Warning,
            (_, Severity::Info) => Mark::Good,
        }
    }
}

#[cfg(test)]
mod tests;
