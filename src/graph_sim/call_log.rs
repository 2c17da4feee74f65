//! Counts every answered call, so that a test can assert "exactly one exchange of T".

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

/// The purpose of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    DebugToken,
    Exchange,
    /// Of Instagram and Threads.
    Refresh,
    CodeExchange,
    ClientCredentials,
    ClientCode,
    Revoke,
    Me,
    Accounts,
    Permissions,
    Object,
    AccessTokens,
    SubscribedApps,
    Businesses,
    BusinessPages,
    Unknown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCounts {
    pub calls: u64,
    pub errors: u64,
}

/// Counts of calls. Each call of a batch counts, as at Meta.
#[derive(Clone, Debug, Default)]
pub struct CallLog {
    tallies: BTreeMap<Endpoint, CallCounts>,
    /// Counts by endpoint and the hash of the token that the call was about.
    asked: HashMap<(Endpoint, u64), u32>,
    requests: u64,
    batches: u64,
}

impl CallLog {
    pub fn call_counts(&self, endpoint: Endpoint) -> CallCounts {
        self.tallies.get(&endpoint).copied().unwrap_or_default()
    }

    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.call_counts(endpoint).calls
    }

    /// Returns how often `endpoint` was called about this token.
    pub fn calls_about(&self, endpoint: Endpoint, token: &str) -> u32 {
        self.asked
            .get(&(endpoint, hash(token)))
            .copied()
            .unwrap_or(0)
    }

    /// Returns about how many different tokens `endpoint` was called.
    pub fn tokens_asked(&self, endpoint: Endpoint) -> usize {
        self.asked
            .keys()
            .filter(|(asked, _)| *asked == endpoint)
            .count()
    }

    pub fn total(&self) -> u64 {
        self.tallies
            .values()
            .map(|call_counts| call_counts.calls)
            .sum()
    }

    /// Returns the number of HTTP requests; a batch is one.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    pub const fn batches(&self) -> u64 {
        self.batches
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn tallies(&self) -> impl Iterator<Item = (Endpoint, CallCounts)> {
        self.tallies
            .iter()
            .map(|(endpoint, call_counts)| (*endpoint, *call_counts))
    }

    pub(crate) const fn record_request(&mut self) {
        self.requests += 1;
    }

    pub(crate) const fn record_batch(&mut self) {
        self.batches += 1;
    }

    pub(crate) fn record_call(&mut self, endpoint: Endpoint, outcome: Outcome) {
        let call_counts = self.tallies.entry(endpoint).or_default();
        call_counts.calls += 1;
        match outcome {
            Outcome::Answered => {}
            Outcome::Refused => call_counts.errors += 1,
        }
    }

    pub(crate) fn record_question(&mut self, endpoint: Endpoint, token: &str) {
        *self.asked.entry((endpoint, hash(token))).or_default() += 1;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Refused,
}

fn hash(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
