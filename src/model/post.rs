//! Posts: messages about incidents to chat rooms, on-call services and other programs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Cause, IncidentId, Remedy, string_enum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PostId(pub i64);

string_enum! {
    /// What a post is about.
    PostKind {
        IncidentOpened = "incident_opened",
        IncidentUpdated = "incident_updated",
        IncidentResolved = "incident_resolved",
        TokenRenewed = "token_renewed",
        /// Another channel does not take messages, or takes them again.
        ChannelFailing = "channel_failing",
        ChannelWorking = "channel_working",
        Test = "test",
    }
}

/// How soon a person must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Tokens do not work.
    Critical,
    /// They still work.
    Warning,
    /// There is nothing to do.
    Info,
}

/// What a post says, in words and as facts for programs. It never contains a login link or a mail address, because many
/// people read a chat room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostContent {
    /// The same for all posts about one incident, and for no other incident of any inventory.
    pub thread: String,
    /// Who must do what by when, in one line.
    pub title: String,
    /// Why, and what follows if nobody acts.
    pub text: String,
    pub severity: Severity,
    pub facts: PostFacts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PostFacts {
    Incident(PostedIncident),
    Token(RenewedToken),
    Channel(PostedChannel),
    /// Of a test.
    None {},
}

/// An incident, as the status socket describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedIncident {
    pub id: IncidentId,
    pub app: String,
    pub cause: Cause,
    pub remedy: Remedy,
    /// The person who can help, or the sink that it is about; `None` when the incident is about the app itself.
    pub subject: Option<PostedSubject>,
    pub opened_at: Timestamp,
    pub deadline: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub tokens_affected: u64,
    /// The names of the first twenty tokens.
    pub tokens: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedSubject {
    pub id: String,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewedToken {
    pub token: String,
    pub app: String,
    pub expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedChannel {
    pub channel: String,
    pub failing_since: Option<Timestamp>,
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    /// The name of the channel that it is sent to.
    pub channel: String,
    pub incident: Option<IncidentId>,
    /// The same for each attempt, so that a receiver recognizes a repetition. A channel has one post of it.
    pub message_id: String,
    pub kind: PostKind,
    pub content: PostContent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    pub post: NewPost,
    pub written_at: Timestamp,
    /// How many attempts have failed.
    pub attempts: u32,
}

/// How a channel answered that took a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostReceipt {
    pub status: u16,
    pub took: Duration,
}

/// What a failed attempt means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostFailure {
    pub reason: String,
    /// When the post is tried again; `None` when it is given up.
    pub next_try_at: Option<Timestamp>,
    /// What the channel's other posts wait for as well.
    pub scope: FailureScope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureScope {
    /// The channel did not accept this message; another one may pass.
    Message,
    /// It accepts none at present.
    Channel,
    /// It accepts none until an operator corrects something.
    ChannelForGood,
}

/// A channel that others must be notified about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelReport {
    pub channel: String,
    /// Since when every attempt has failed; `None` if it works again.
    pub failing_since: Option<Timestamp>,
    pub last_error: Option<String>,
    /// How many posts wait for it.
    pub waiting: u64,
}

/// How many messages a channel has taken and refused, ever, and how many wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelCounts {
    pub channel: String,
    pub sent: u64,
    /// Attempts that failed.
    pub failed: u64,
    pub given_up: u64,
    pub waiting: u64,
    pub failing_since: Option<Timestamp>,
}

/// A post on its way, as the journal shows it. Never the channel's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventPost)]
pub struct PostProgress {
    /// The name of the channel.
    pub channel: String,
    /// What the message is about.
    pub post: PostKind,
    /// The same for each attempt.
    pub message_id: String,
    /// The incident that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long the answer took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// Whether one message reported several posts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub digest: bool,
    /// Why an attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
}

impl NewPost {
    pub fn progress(&self) -> PostProgress {
        PostProgress {
            channel: self.channel.clone(),
            post: self.kind,
            message_id: self.message_id.clone(),
            incident: self.incident,
            status: None,
            took_ms: None,
            digest: false,
            reason: None,
            next_try_at: None,
        }
    }
}

impl PostProgress {
    /// What was posted, and what became of it.
    pub(super) fn describe(&self, outcome: &str) -> String {
        let about = match (self.post, self.incident) {
            (PostKind::IncidentOpened, Some(id)) => format!("incident {id} opened"),
            (PostKind::IncidentUpdated, Some(id)) => format!("incident {id} changed"),
            (PostKind::IncidentResolved, Some(id)) => format!("incident {id} resolved"),
            (kind, _) => kind.as_str().replace('_', " "),
        };
        let reason = self.reason.as_ref();
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        let next = self.next_try_at;
        let next = next.map_or_else(String::new, |at| format!("; next attempt {at}"));
        format!("{outcome} {}: {about}{reason}{next}", self.channel)
    }
}

impl PostContent {
    /// A message that asks for nothing, to test a channel.
    pub fn test(channel: &str) -> Self {
        Self {
            thread: format!("test-{channel}"),
            title: format!("Perennial can post to {channel}"),
            text: "This test message arrived, so messages about incidents will arrive too. \
                   You do not need to do anything."
                .to_owned(),
            severity: Severity::Info,
            facts: PostFacts::None {},
        }
    }
}
