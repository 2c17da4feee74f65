//! Hands new tokens to those who use them: into files, to webhooks, to commands. One worker for each sink, so that a
//! slow receiver delays no other.

mod cleanup;
pub mod policy;
mod reconcile;
mod sinks;
mod test_event;
mod worker;

use jiff::SignedDuration;

use crate::model::{OnDead, Readers, SinkTokens};

pub use cleanup::clean_up;
pub use sinks::{Account, FileFormat, FileSink, WebhookBody, WebhookSink};
pub use worker::SinkWorker;

/// A place that tokens are delivered to.
#[derive(Clone, Debug)]
pub struct Sink {
    pub name: String,
    /// Names or patterns with `*`. Never empty.
    pub tokens: Vec<String>,
    pub target: Target,
    /// What happens to the file of a token that is dead or was forgotten.
    pub on_dead: OnDead,
    /// How long a consumer may go on with an earlier version before the operators are told; `None` for ever.
    pub grace: Option<SignedDuration>,
}

/// How a sink is reached.
#[derive(Clone, Debug)]
pub enum Target {
    File(FileSink),
    /// The program and its arguments; it gets the token on standard input.
    Command(Vec<String>),
    Webhook(WebhookSink),
}

impl Sink {
    pub fn tokens(&self) -> SinkTokens {
        SinkTokens {
            sink: self.name.clone(),
            patterns: self.tokens.clone(),
            readers: match &self.target {
                Target::File(file) => file.named_readers(),
                Target::Command(_) | Target::Webhook(_) => Readers::Unknown,
            },
            grace: self.grace,
        }
    }

    /// The path of a token's file, if this is a sink of files.
    pub fn path_of(&self, token: &str) -> Option<String> {
        match &self.target {
            Target::File(file) => Some(file.path_of(token)),
            Target::Command(_) | Target::Webhook(_) => None,
        }
    }
}
