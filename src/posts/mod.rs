//! Posts messages about incidents to chat rooms, on-call services and other programs: what a message looks like for
//! each of them (`format`), which posts it reports (`batch`), and how it is sent (`poster`).

mod batch;
mod format;
mod policy;
mod poster;
mod renewals;

#[cfg(test)]
mod tests;

use crate::outbox::http_post::Address;
use crate::outbox::standard_webhooks::SigningSecret;
use crate::secret::Secret;

pub use poster::{Posted, Poster, Unrecorded};

/// Where messages are posted to.
#[derive(Clone, Debug)]
pub struct Channel {
    pub name: String,
    pub format: Format,
    pub address: Address,
    /// Renewals are posted as well.
    pub posts_renewals: bool,
}

/// How a channel's messages are written.
#[derive(Clone, Debug)]
pub enum Format {
    /// Incoming webhooks of Slack, and of what imitates them: Mattermost, Rocket.Chat, Discord.
    Slack,
    /// A Teams workflow that posts an adaptive card.
    Teams,
    /// The Events API v2.
    PagerDuty { routing_key: Secret },
    /// Standard Webhooks, for programs. There are several secrets while one replaces another.
    Webhook { secrets: Vec<SigningSecret> },
}
