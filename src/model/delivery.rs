//! Deliveries: a version of a token on its way to a sink, and the consumers that use it.

use jiff::Timestamp;

use super::{Expiry, State, TokenId, name_matches, string_enum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryId(pub i64);

string_enum! {
    /// The state of a delivery.
    DeliveryState {
        /// It waits for its first or its next attempt.
        Pending = "pending",
        Delivered = "delivered",
        /// The consumer confirmed that it uses this version.
        InUse = "in_use",
        /// No other attempt follows by itself.
        Failed = "failed",
        /// A newer version took its place.
        Superseded = "superseded",
    }
}

string_enum! {
    /// What happens to the file of a token that is dead or was forgotten.
    OnDead {
        Keep = "keep",
        Remove = "remove",
    }
}

/// Which tokens a sink gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkTokens {
    pub sink: String,
    /// Names or patterns with `*`.
    pub patterns: Vec<String>,
}

/// One version of one token for one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub token: TokenId,
    pub token_name: String,
    pub sink: String,
    pub version: u32,
    pub state: DeliveryState,
    pub attempts: u32,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub next_try_at: Option<Timestamp>,
    pub failing_since: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub in_use_at: Option<Timestamp>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Delivered {
        /// The receiver said at once that it uses this version.
        in_use: bool,
    },
    /// Without `next_try_at`, this was the last attempt.
    Failed {
        reason: String,
        next_try_at: Option<Timestamp>,
    },
}

/// How many deliveries wait, and how many failed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    pub pending: u64,
    pub failed: u64,
}

/// The version of a token that a sink should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliverable {
    pub token: TokenId,
    pub name: String,
    pub app: String,
    pub state: State,
    pub version: u32,
    pub fingerprint: String,
    pub expires_at: Expiry,
}

/// A file that a sink wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredFile {
    pub path: String,
    pub sink: String,
    pub token: TokenId,
}

/// Who uses a token: a user who fetched it from the socket, or a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    pub name: String,
    /// The newest version that it was given.
    pub seen: Option<ConsumedVersion>,
    /// The version that it said it uses.
    pub in_use: Option<ConsumedVersion>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumedVersion {
    pub version: u32,
    pub at: Timestamp,
}

impl SinkTokens {
    pub fn includes(&self, token: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| name_matches(pattern, token))
    }
}

impl Consumer {
    /// Whether it still runs on an earlier version. One that never confirms counts by what it was given.
    pub fn is_behind(&self, version: u32) -> bool {
        let known = self.in_use.or(self.seen);
        known.is_some_and(|known| known.version < version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_behind_by_what_it_confirmed_or_else_by_what_it_was_given() {
        let version = |version| ConsumedVersion {
            version,
            at: Timestamp::UNIX_EPOCH,
        };
        for (seen, in_use, behind) in [
            (None, None, false),
            (Some(2), None, false),
            (Some(1), None, true),
            (Some(2), Some(2), false),
            (Some(2), Some(1), true),
            (None, Some(1), true),
        ] {
            let consumer = Consumer {
                name: "chatbot".to_owned(),
                seen: seen.map(version),
                in_use: in_use.map(version),
            };
            assert_eq!(consumer.is_behind(2), behind, "{consumer:?}");
        }
    }
}
