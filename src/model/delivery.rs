//! Deliveries: a version of a token on its way to a sink, and the consumers that use it.

use jiff::{SignedDuration, Timestamp};

use super::{Cause, Expiry, State, TokenId, name_matches, string_enum};

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

/// Which tokens a sink gets, and who must confirm them by when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkTokens {
    pub sink: String,
    /// Names or patterns with `*`.
    pub patterns: Vec<String>,
    /// Whose confirmation counts as that of the sink.
    pub readers: Readers,
    /// How long a consumer may go on with an earlier version; `None` for ever.
    pub grace: Option<SignedDuration>,
}

/// The users who read what a sink delivers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Readers {
    /// The sink answers for itself.
    #[default]
    Unknown,
    Named(Vec<String>),
    /// The members of a group, too.
    Anybody,
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

/// Something about a sink that only an operator can correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkProblem {
    pub sink: String,
    pub cause: Cause,
    pub since: Timestamp,
}

/// What a notification says of such a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkReport {
    pub since: Timestamp,
    /// Why the sink does not take tokens; empty if it does.
    pub reason: String,
    /// How many tokens are concerned, and the first of them.
    pub count: u64,
    pub tokens: Vec<LaggingToken>,
}

/// A token whose version in use has not arrived everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaggingToken {
    pub name: String,
    pub version: u32,
    /// Those who have not confirmed it.
    pub consumers: Vec<Consumer>,
}

impl SinkTokens {
    pub fn includes(&self, token: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| name_matches(pattern, token))
    }

    /// The consumers of a token that go on with an earlier version than `version`, as far as this sink is concerned: the
    /// users, and the sink itself once it `had_earlier` versions. `sinks` are all that are configured.
    pub fn lagging(
        &self,
        version: u32,
        had_earlier: bool,
        consumers: Vec<Consumer>,
        sinks: &[Self],
    ) -> Vec<Consumer> {
        let is_confirmed = consumers
            .iter()
            .any(|consumer| consumer.uses(version) && self.is_read_by(&consumer.name, sinks));
        let mut lagging = consumers;
        lagging.retain(|consumer| {
            if consumer.name == self.sink {
                // What it was not given yet is a delivery that waits.
                let was_given = consumer.seen.is_some_and(|seen| seen.version >= version);
                let is_silent = consumer.in_use.is_none() && (is_confirmed || !had_earlier);
                was_given && !consumer.uses(version) && !is_silent
            } else {
                consumer.is_behind(version) && !is_one_of(&consumer.name, sinks)
            }
        });
        lagging
    }

    fn is_read_by(&self, consumer: &str, sinks: &[Self]) -> bool {
        match &self.readers {
            Readers::Unknown => false,
            Readers::Named(users) => users.iter().any(|user| user == consumer),
            Readers::Anybody => !is_one_of(consumer, sinks),
        }
    }
}

fn is_one_of(consumer: &str, sinks: &[SinkTokens]) -> bool {
    sinks.iter().any(|sink| sink.sink == consumer)
}

impl Consumer {
    /// Whether it still runs on an earlier version. One that never confirms counts by what it was given.
    pub fn is_behind(&self, version: u32) -> bool {
        let known = self.in_use.or(self.seen);
        known.is_some_and(|known| known.version < version)
    }

    fn uses(&self, version: u32) -> bool {
        self.in_use.is_some_and(|used| used.version >= version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_behind_by_what_it_confirmed_or_else_by_what_it_was_given() {
        for (seen, in_use, behind) in [
            (None, None, false),
            (Some(2), None, false),
            (Some(1), None, true),
            (Some(2), Some(2), false),
            (Some(2), Some(1), true),
            (None, Some(1), true),
        ] {
            let consumer = consumer("chatbot", seen, in_use);
            assert_eq!(consumer.is_behind(2), behind, "{consumer:?}");
        }
    }

    fn consumer(name: &str, seen: Option<u32>, in_use: Option<u32>) -> Consumer {
        let consumed = |version| ConsumedVersion {
            version,
            at: Timestamp::UNIX_EPOCH,
        };
        Consumer {
            name: name.to_owned(),
            seen: seen.map(consumed),
            in_use: in_use.map(consumed),
        }
    }

    fn sink(name: &str, readers: Readers) -> SinkTokens {
        SinkTokens {
            sink: name.to_owned(),
            readers,
            ..SinkTokens::default()
        }
    }

    /// Who lags behind version 2, of consumers that are written as (name, seen, in use).
    fn lagging(
        sink: &SinkTokens,
        had_earlier: bool,
        consumers: &[(&str, u32, u32)],
    ) -> Vec<String> {
        let known = |version| Some(version).filter(|version| *version > 0);
        let consumers = consumers.iter();
        let consumers =
            consumers.map(|&(name, seen, in_use)| consumer(name, known(seen), known(in_use)));
        let sinks = [sink.clone(), self::sink("other", Readers::Unknown)];
        let lagging = sink.lagging(2, had_earlier, consumers.collect(), &sinks);
        lagging.into_iter().map(|lagging| lagging.name).collect()
    }

    #[test]
    fn a_sink_lags_until_it_or_its_reader_confirms_and_a_user_until_it_has_the_version() {
        let hook = sink("hook", Readers::Unknown);
        let file = sink("file", Readers::Named(vec!["bot".to_owned()]));
        let group = sink("file", Readers::Anybody);
        for (sink, had_earlier, consumers, expected) in [
            // The first version that a sink gets needs no confirmation.
            (&hook, false, &[("hook", 2, 0)][..], &[][..]),
            (&hook, true, &[("hook", 2, 0)], &["hook"]),
            (&hook, true, &[("hook", 2, 1)], &["hook"]),
            (&hook, true, &[("hook", 2, 2)], &[]),
            // Not delivered yet: that is another problem.
            (&hook, true, &[("hook", 1, 1)], &[]),
            // A user who fetches the new version needs no confirmation, except after confirming the one before.
            (&hook, true, &[("web", 1, 0), ("hook", 2, 2)], &["web"]),
            (&hook, true, &[("web", 2, 0), ("hook", 2, 2)], &[]),
            (&hook, true, &[("web", 2, 1), ("hook", 2, 2)], &["web"]),
            // A user's confirmation stands for a file that the user reads, and for nothing else.
            (&hook, true, &[("bot", 2, 2), ("hook", 2, 0)], &["hook"]),
            (&file, true, &[("bot", 0, 2), ("file", 2, 0)], &[]),
            (
                &file,
                true,
                &[("bot", 0, 1), ("file", 2, 0)],
                &["bot", "file"],
            ),
            (&file, true, &[("web", 0, 2), ("file", 2, 0)], &["file"]),
            (&group, true, &[("web", 0, 2), ("file", 2, 0)], &[]),
            (&group, true, &[("other", 2, 2), ("file", 2, 0)], &["file"]),
            // Another sink has an incident of its own.
            (&file, true, &[("other", 1, 1), ("file", 2, 2)], &[]),
        ] {
            let found = lagging(sink, had_earlier, consumers);
            assert_eq!(found, expected, "{} {consumers:?}", sink.sink);
        }
    }
}
