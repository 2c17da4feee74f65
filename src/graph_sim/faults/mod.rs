//! Faults on demand: which ones there are and when each applies. `effect.rs` applies them to answers,
//! `connection_faults.rs` to connections.

mod effect;

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use effect::answer_under;

use super::call_log::Endpoint;
use super::world::World;

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

    fn is_due(&self, now: Timestamp) -> bool {
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
    fn is_hit_by(self, rule: &FaultRule) -> bool {
        match (self, rule.endpoint) {
            (Self::Call(endpoint) | Self::Member(endpoint), Some(only)) => endpoint == only,
            (Self::Call(_), None) => rule.fault != Fault::NullMember,
            (Self::Batch, None) => rule.fault != Fault::NullMember,
            (Self::Member(_), None) => rule.fault == Fault::NullMember,
            (Self::Batch, Some(_)) => false,
        }
    }
}

impl World {
    pub fn inject(&mut self, rule: FaultRule) {
        self.faults.push(rule);
    }

    /// Ends all faults and the outage.
    pub fn heal(&mut self) {
        self.faults.clear();
        self.outage = None;
    }

    pub const fn set_outage(&mut self, outage: Option<Outage>) {
        self.outage = outage;
    }

    pub fn faults(&self) -> &[FaultRule] {
        &self.faults
    }

    /// Returns the faults that apply to this target now, and counts down those with a limited number.
    pub(crate) fn strike(&mut self, target: Target) -> Vec<Fault> {
        let mut struck = Vec::new();
        if let (Some(outage), Target::Call(_) | Target::Batch) = (self.outage, target) {
            struck.push(outage.into());
        }
        for index in 0..self.faults.len() {
            let rule = &self.faults[index];
            let hit = rule.is_due(self.now()) && target.is_hit_by(rule);
            if hit && self.is_drawn(index) {
                struck.push(self.use_up(index));
            }
        }
        struck
    }

    fn is_drawn(&mut self, index: usize) -> bool {
        match self.faults[index].share {
            Some(percent) => self.draw_percent() < percent,
            None => true,
        }
    }

    fn use_up(&mut self, index: usize) -> Fault {
        let rule = &mut self.faults[index];
        rule.times = rule.times.map(|times| times.saturating_sub(1));
        rule.fault.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1)
    }

    #[test]
    fn a_rule_strikes_its_endpoint_its_hours_and_no_more_often_than_it_says() {
        let mut world = world();
        let (start, noon, evening) = (
            world.now(),
            "2026-01-01T12:00:00Z".parse().unwrap(),
            "2026-01-01T18:00:00Z".parse().unwrap(),
        );
        let rule = FaultRule::new(Fault::EmptyBody).on(Endpoint::Exchange);
        world.inject(rule.between(noon, evening).times(2));
        let exchange = Target::Call(Endpoint::Exchange);
        for (now, target, strikes) in [
            (start, exchange, 0),
            (noon, Target::Call(Endpoint::Me), 0),
            (noon, Target::Batch, 0),
            (noon, exchange, 1),
            (evening, exchange, 0),
            (noon, Target::Member(Endpoint::Exchange), 1),
            (noon, exchange, 0),
        ] {
            world.set_now(now);
            assert_eq!(world.strike(target).len(), strikes, "{now} {target:?}");
        }
    }

    #[test]
    fn an_outage_strikes_requests_and_heals() {
        let mut world = world();
        world.set_outage(Some(Outage::Unavailable));
        assert_eq!(world.strike(Target::Batch), [Fault::Unavailable]);
        assert_eq!(world.strike(Target::Member(Endpoint::Me)), []);
        world.heal();
        assert_eq!(world.strike(Target::Batch), []);
    }

    #[test]
    fn a_share_strikes_some_calls() {
        let mut world = world();
        world.inject(FaultRule::new(Fault::NullMember).share(30));
        let member = Target::Member(Endpoint::DebugToken);
        let struck = (0..1_000)
            .filter(|_| !world.strike(member).is_empty())
            .count();
        assert!((200..400).contains(&struck), "{struck}");
    }
}
