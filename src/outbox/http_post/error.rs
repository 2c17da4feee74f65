//! Why a message was not accepted, in words for the operator. They never contain the address, the message, or what the
//! receiver made of them.

use std::error::Error;

use jiff::SignedDuration;

use super::address::Address;
use super::resolver::PrivateAddress;
use crate::http_client;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The receiver wants no more messages.
    #[error("it answered 410: the address is gone for good")]
    Gone,
    /// It answered, but not with a 2xx. `reason` is empty, or starts with a space.
    #[error("it answered {status}{reason}")]
    Refused {
        status: u16,
        reason: String,
        retry_after: Option<SignedDuration>,
    },
    #[error(
        "its name leads to a private address, which is refused; set allow_private = true if that is what you want"
    )]
    PrivateAddress,
    #[error("it did not answer in time")]
    TimedOut,
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
}

/// The longest word of an answer that is shown.
const LONGEST_WORD: usize = 40;

impl PostError {
    pub(super) fn refused(status: u16, body: &str, retry_after: Option<SignedDuration>) -> Self {
        let reason = match status {
            300..=399 => " (a redirect, which is not followed; configure the final URL)".to_owned(),
            _ => word(body).map_or_else(String::new, |word| format!(" ({word})")),
        };
        Self::Refused {
            status,
            reason,
            retry_after,
        }
    }

    pub(super) fn unanswered(error: reqwest::Error, address: &Address) -> Self {
        let error = error.without_url();
        if is_private(&error) {
            return Self::PrivateAddress;
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        // A certificate for another name is described with the name.
        let text = http_client::describe(&error);
        Self::Unreachable(text.replace(address.host(), "the host"))
    }

    /// How long the receiver asked to wait.
    pub fn retry_after(&self) -> Option<SignedDuration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Gone | Self::PrivateAddress | Self::TimedOut | Self::Unreachable(_) => None,
        }
    }
}

/// An answer of one word, such as Slack's `no_service`. Anything longer might repeat the message.
fn word(body: &str) -> Option<&str> {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let body = body.trim();
    let fits = (1..=LONGEST_WORD).contains(&body.len());
    (fits && body.bytes().all(is_word)).then_some(body)
}

fn is_private(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<PrivateAddress>() {
            return true;
        }
        source = cause.source();
    }
    false
}
