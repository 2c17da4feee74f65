//! Faults on demand: which ones there are and when each applies. `world/strike.rs` finds those of a call, `effect.rs`
//! applies them to its answer, `connection_faults.rs` to its connection.

mod effect;

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use effect::answer_under;

use super::call_log::Endpoint;

/// One way in which a call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer is delayed.
    Latency(#[serde(with = "duration")] Duration),
    /// The call has no effect: status 500 and an HTML page.
    HtmlError,
    /// The call has no effect: code 2, `is_transient`.
    Unavailable,
    /// The call has no effect: any error of Meta's.
    Error(InjectedError),
    /// The call has no effect: the connection is reset.
    Reset,
    /// The call takes effect, but the connection breaks before the answer.
    LostAnswer,
    EmptyBody,
    /// Half of the announced body.
    Truncated,
    /// A few bytes at a time, with this pause in between.
    SlowBytes(#[serde(with = "duration")] Duration),
    /// This many bytes instead of a short answer.
    HugeBody(u64),
    /// Numbers as strings, strings of digits as numbers, booleans as strings.
    WrongTypes,
    WithoutExpiresIn,
    /// The debugger reports no expiry, neither of the token nor of the data access.
    WithoutClocks,
    /// The debugger does not say what the token permits.
    WithoutScopes,
    /// The debugger answers with this error about the inspected token.
    Verdict(InjectedError),
    /// Every `access_token` in the answer is present but empty.
    EmptyTokens,
    /// `bearer`, `Bearer`, or something else.
    TokenType(String),
    /// One call of a batch is not completed.
    NullMember,
    /// Headers in another order and spelling.
    ReorderedHeaders,
    /// The header with which Meta warns that the version of the call ends in the Marketing API, with this text.
    VersionWarning(String),
    /// The `Date` header is wrong by this much.
    DateSkew(SignedDuration),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectedError {
    #[serde(default = "bad_request")]
    pub status: u16,
    pub code: i64,
    #[serde(default)]
    pub subcode: Option<u32>,
    #[serde(default)]
    pub is_transient: Option<bool>,
    #[serde(default)]
    pub message: String,
}

const fn bad_request() -> u16 {
    400
}

/// A fault and when it applies: to every call at any time, unless restricted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    pub fault: Fault,
    /// Only calls of this endpoint, also inside batches; `None` means whole requests.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    #[serde(default)]
    pub from: Option<Timestamp>,
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// How often the fault still applies.
    #[serde(default)]
    pub times: Option<u32>,
    /// The share of matching calls in percent.
    #[serde(default)]
    pub share: Option<u8>,
}

impl FaultRule {
    pub const fn new(fault: Fault) -> Self {
        Self {
            fault,
            endpoint: None,
            from: None,
            until: None,
            times: None,
            share: None,
        }
    }

    pub const fn on(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    pub const fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.from = Some(from);
        self.until = Some(until);
        self
    }

    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    pub const fn share(mut self, percent: u8) -> Self {
        self.share = Some(percent);
        self
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now)
            && self.until.is_none_or(|until| now < until)
            && self.times != Some(0)
    }
}

/// An outage of Meta's, which lasts until it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    HtmlError,
    Unavailable,
    Reset,
}

impl From<Outage> for Fault {
    fn from(outage: Outage) -> Self {
        match outage {
            Outage::HtmlError => Self::HtmlError,
            Outage::Unavailable => Self::Unavailable,
            Outage::Reset => Self::Reset,
        }
    }
}

/// What a fault may apply to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An HTTP request with one call.
    Call(Endpoint),
    /// An HTTP request with many calls.
    Batch,
    Member(Endpoint),
}

impl Target {
    pub(super) fn is_hit_by(self, rule: &FaultRule) -> bool {
        match (self, rule.endpoint) {
            (Self::Call(endpoint) | Self::Member(endpoint), Some(only)) => endpoint == only,
            (Self::Call(_), None) => rule.fault != Fault::NullMember,
            (Self::Batch, None) => rule.fault != Fault::NullMember,
            (Self::Member(_), None) => rule.fault == Fault::NullMember,
            (Self::Batch, Some(_)) => false,
        }
    }
}
