//! Meta failing on demand: which faults there are, when each strikes, and what it does to an
//! answer. What a fault does to the connection is in `transmission.rs`.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::endpoints::{Answer, GraphError};
use super::ledger::Endpoint;
use super::world::World;

/// One way in which a call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late.
    Latency(#[serde(with = "duration")] Duration),
    /// The call is not looked at: status 500 and a page for people.
    HtmlError,
    /// The call is not looked at: code 2, `is_transient`.
    Unavailable,
    /// The call is not looked at: any error of Meta's.
    Error(InjectedError),
    /// The call is not looked at: the connection is reset.
    Reset,
    /// The call took effect, and its answer is lost with the connection.
    LostAnswer,
    EmptyBody,
    /// Half of the body that was announced.
    Truncated,
    /// A few bytes at a time, with this pause between.
    SlowBytes(#[serde(with = "duration")] Duration),
    /// So many bytes where a short answer belongs.
    HugeBody(u64),
    /// Numbers as strings, strings of digits as numbers, booleans as words.
    WrongTypes,
    WithoutExpiresIn,
    /// `bearer`, `Bearer`, or something else.
    TokenType(String),
    /// A batch member that was not completed.
    NullMember,
    /// Headers in another order and spelling.
    ReorderedHeaders,
    /// The `Date` header is off by so much.
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

/// A fault and when it strikes: everywhere and always, unless narrowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    pub fault: Fault,
    /// Only calls of this endpoint, also inside batches; `None` strikes whole requests.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    #[serde(default)]
    pub from: Option<Timestamp>,
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// So often, then never again.
    #[serde(default)]
    pub times: Option<u32>,
    /// Percent of the calls it could strike.
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

/// Meta is down, until somebody says otherwise.
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

/// What a fault may strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An HTTP request with one call.
    Call(Endpoint),
    /// An HTTP request with many.
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

    /// The faults that strike this target now; those that come only so often are used up.
    pub(crate) fn strike(&mut self, target: Target) -> Vec<Fault> {
        let mut struck = Vec::new();
        if let (Some(outage), Target::Call(_) | Target::Batch) = (self.outage, target) {
            struck.push(outage.into());
        }
        for index in 0..self.faults.len() {
            let rule = &self.faults[index];
            let hit = rule.is_due(self.now()) && target.is_hit_by(rule);
            if hit && self.share_says_yes(index) {
                struck.push(self.use_up(index));
            }
        }
        struck
    }

    fn share_says_yes(&mut self, index: usize) -> bool {
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

/// Answers under these faults: refused before it takes effect, or altered afterwards.
pub(crate) fn answer_under(
    world: &mut World,
    faults: &[Fault],
    answer: impl FnOnce(&mut World) -> Answer,
) -> Answer {
    if let Some(refusal) = faults.iter().find_map(Fault::refusal) {
        return refusal.into_answer(&world.trace_id());
    }
    let mut answer = answer(world);
    for fault in faults {
        fault.alter(&mut answer);
    }
    answer
}

enum Refusal {
    Page,
    Error(GraphError),
}

const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Error</title></head><body>\
                    <h1>Sorry, something went wrong.</h1></body></html>\n";

impl Refusal {
    fn into_answer(self, trace_id: &str) -> Answer {
        match self {
            Self::Page => Answer {
                status: 500,
                body: PAGE.to_owned(),
                headers: vec![("content-type", "text/html; charset=utf-8".to_owned())],
            },
            Self::Error(error) => {
                let body = error.body(trace_id);
                Answer {
                    status: error.status,
                    body,
                    headers: Vec::new(),
                }
            }
        }
    }
}

impl Fault {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            // A reset call is not looked at either; nobody will see this page.
            Self::HtmlError | Self::Reset => Some(Refusal::Page),
            Self::Unavailable => {
                let error = GraphError::oauth(2, "(#2) Service temporarily unavailable");
                Some(Refusal::Error(error.transient().with_status(500)))
            }
            Self::Error(injected) => Some(Refusal::Error(GraphError {
                status: injected.status,
                subcode: injected.subcode,
                is_transient: injected.is_transient,
                ..GraphError::oauth(injected.code, injected.message.clone())
            })),
            Self::Latency(_)
            | Self::LostAnswer
            | Self::EmptyBody
            | Self::Truncated
            | Self::SlowBytes(_)
            | Self::HugeBody(_)
            | Self::WrongTypes
            | Self::WithoutExpiresIn
            | Self::TokenType(_)
            | Self::NullMember
            | Self::ReorderedHeaders
            | Self::DateSkew(_) => None,
        }
    }

    fn alter(&self, answer: &mut Answer) {
        match self {
            Self::EmptyBody => answer.body.clear(),
            Self::WrongTypes => rewrite(answer, confuse_types),
            Self::WithoutExpiresIn => rewrite(answer, |body| {
                body.as_object_mut().map(|body| body.remove("expires_in"));
            }),
            Self::TokenType(word) => rewrite(answer, |body| {
                if let Some(kind) = body.get_mut("token_type") {
                    *kind = Value::from(word.as_str());
                }
            }),
            Self::ReorderedHeaders => answer.headers.reverse(),
            Self::Latency(_)
            | Self::HtmlError
            | Self::Unavailable
            | Self::Error(_)
            | Self::Reset
            | Self::LostAnswer
            | Self::Truncated
            | Self::SlowBytes(_)
            | Self::HugeBody(_)
            | Self::NullMember
            | Self::DateSkew(_) => {}
        }
    }
}

fn rewrite(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_str(&answer.body) {
        change(&mut body);
        answer.body = body.to_string();
    }
}

fn confuse_types(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(confuse_types),
        Value::Array(items) => items.iter_mut().for_each(confuse_types),
        Value::Bool(_) | Value::Number(_) => *value = Value::String(value.to_string()),
        Value::String(text) => {
            if let Ok(number) = text.parse::<u64>() {
                *value = number.into();
            }
        }
        Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1)
    }

    fn under(fault: Fault, body: &str) -> (u16, String) {
        let answer = answer_under(&mut world(), &[fault], |_| Answer {
            status: 200,
            body: body.to_owned(),
            headers: Vec::new(),
        });
        (answer.status, answer.body)
    }

    #[test]
    fn refusals_come_instead_of_the_answer() {
        let mut world = world();
        for (fault, status, words) in [
            (Fault::HtmlError, 500, "<!DOCTYPE html>"),
            (Fault::Unavailable, 500, "\"is_transient\":true,\"code\":2"),
            (
                Fault::Error(InjectedError {
                    status: 403,
                    code: 368,
                    subcode: Some(7),
                    is_transient: Some(false),
                    message: "blocked".to_owned(),
                }),
                403,
                "\"is_transient\":false,\"code\":368,\"error_subcode\":7",
            ),
        ] {
            let answer = answer_under(&mut world, &[fault], |_| unreachable!("not looked at"));
            assert_eq!(answer.status, status);
            assert!(answer.body.contains(words), "{}", answer.body);
        }
    }

    #[test]
    fn altered_bodies_are_wrong_in_just_one_way() {
        let body = r#"{"access_token":"t","token_type":"bearer","expires_in":5,"id":"12"}"#;
        for (fault, expected) in [
            (Fault::EmptyBody, ""),
            (
                Fault::WithoutExpiresIn,
                r#"{"access_token":"t","id":"12","token_type":"bearer"}"#,
            ),
            (
                Fault::TokenType("Bearer".to_owned()),
                r#"{"access_token":"t","expires_in":5,"id":"12","token_type":"Bearer"}"#,
            ),
            (
                Fault::WrongTypes,
                r#"{"access_token":"t","expires_in":"5","id":12,"token_type":"bearer"}"#,
            ),
        ] {
            assert_eq!(under(fault, body), (200, expected.to_owned()));
        }
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
