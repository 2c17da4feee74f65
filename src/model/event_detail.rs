//! The details of events that have many of them. Their JSON is what programs read.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Cause, IncidentId, Kind, LoginError, LoginId, RejectReason, Scopes, State, Subscription,
};

/// What an ordered check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub state: State,
    /// Why an ordered exchange was not made, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_rotated: Option<RejectReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_rotate_at: Option<Timestamp>,
}

/// Which events a page sends to the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSubscription {
    pub subscription: Subscription,
    pub missing: Scopes,
}

/// What identifies an error for Meta's support. Its texts may repeat what was sent, so they are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaCode {
    /// 0 if Meta sent none.
    pub code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fbtrace_id: Option<String>,
}

impl fmt::Display for MetaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}", self.code)?;
        if let Some(subcode) = self.subcode {
            write!(f, "/{subcode}")?;
        }
        if let Some(trace) = &self.fbtrace_id {
            write!(f, ", fbtrace_id {trace}")?;
        }
        Ok(())
    }
}

/// Why a new secret does not replace the one in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Refusal {
    Mismatch(Mismatch),
    /// Meta refuses the new secret.
    Refused {
        cause: Cause,
    },
}

/// How a new secret falls short of the one in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mismatch")]
pub enum Mismatch {
    #[serde(rename = "it is of another kind")]
    OtherKind { kind: Kind, expected: Kind },
    #[serde(rename = "it belongs to another person or page")]
    OtherSubject { subject: String, expected: String },
    #[serde(rename = "it lacks permissions that the one in use has")]
    FewerScopes { missing: Scopes },
    #[serde(rename = "it expires before the one in use")]
    EndsEarlier,
}

/// Requests for secrets: one, or all later ones within an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretAccess {
    pub user: String,
    pub uid: String,
    pub pid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it counts requests for tokens that are not named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    #[serde(flatten)]
    pub repeated: Option<Repeated>,
}

/// Further requests within an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    pub times: u64,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// A login that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginEnd {
    pub login: LoginId,
    pub outcome: LoginOutcome,
    /// The person's token, if the login gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Meta's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
}

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginOutcome {
    Granted,
    WrongPerson,
    #[serde(untagged)]
    Failed(LoginError),
}

/// An email on its way. Subjects name people and pages, never addresses, because viewers can read the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailProgress {
    pub subject: String,
    pub message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    #[serde(flatten)]
    pub reach: Option<EmailReach>,
    /// Where it was written to, instead of being sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What the mail server and Perennial said to each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversation: Vec<String>,
}

/// A version of a token on its way to a sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryProgress {
    pub sink: String,
    pub version: u32,
    /// Why an attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Left out when no other attempt follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
}

/// A new configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reload {
    pub asked_by: String,
    pub live: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_restart: Option<String>,
}

/// How many of an email's recipients got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailReach {
    pub recipients: usize,
    pub got_it: usize,
}
