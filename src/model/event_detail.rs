//! The details of events that have many of them. Their JSON is what programs read.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Cause, IncidentId, Kind, LoginId, LoginOutcome, RejectReason, Scopes, State, Subscription,
};

/// What an ordered check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventChecked)]
pub struct Checked {
    /// The state of the token.
    pub state: State,
    /// Why an ordered exchange was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_rotated: Option<RejectReason>,
    /// From when on an exchange may be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_rotate_at: Option<Timestamp>,
}

/// Which events a page sends to the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventPageSubscription)]
pub struct PageSubscription {
    /// Whether the app gets the page's webhooks.
    pub subscription: Subscription,
    /// The fields that are missing, with spaces between them.
    pub missing: Scopes,
}

/// What identifies an error for Meta's support. Its texts may repeat what was sent, so they are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventMetaCode)]
pub struct MetaCode {
    /// Meta's error code; 0 if Meta sent none.
    pub code: i64,
    /// Meta's error subcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    /// What Meta's support asks for.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = EventRefusal)]
pub enum Refusal {
    Mismatch(Mismatch),
    /// Meta refuses the new secret.
    Refused {
        /// Why.
        cause: Cause,
    },
}

/// How a new secret falls short of the one in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "mismatch")]
#[schema(as = EventMismatch)]
pub enum Mismatch {
    #[serde(rename = "it is of another kind")]
    OtherKind {
        /// The kind of the new secret.
        kind: Kind,
        /// What the one in use has instead.
        expected: Kind,
    },
    #[serde(rename = "it belongs to another person or page")]
    OtherSubject {
        /// The id of the person or page of the new secret.
        subject: String,
        /// What the one in use has instead.
        expected: String,
    },
    #[serde(rename = "it lacks permissions that the one in use has")]
    FewerScopes {
        /// The permissions that it lacks, with spaces between them.
        missing: Scopes,
    },
    #[serde(rename = "it expires before the one in use")]
    EndsEarlier,
}

/// Requests for secrets: one, or all later ones within an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventSecretAccess)]
pub struct SecretAccess {
    /// The user who asked.
    pub user: String,
    /// The number of that user.
    pub uid: String,
    /// The process that asked.
    pub pid: String,
    /// The version that was read.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventRepeated)]
pub struct Repeated {
    /// How many requests.
    pub times: u64,
    /// When the first of them was made.
    pub since: Timestamp,
    /// When the last of them was made.
    pub until: Timestamp,
}

/// A login that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventLogin)]
pub struct LoginEnd {
    /// The id of the login.
    pub login: LoginId,
    /// How it ended.
    pub outcome: LoginOutcome,
    /// The person's token, if the login gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Meta's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
}

/// An email on its way. Subjects name people and pages, never addresses, because viewers can read the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventEmail)]
pub struct EmailProgress {
    /// The subject of the email.
    pub subject: String,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// The incident that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Why an attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it is tried again.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventDelivery)]
pub struct DeliveryProgress {
    /// The name of the `[[delivery]]`.
    pub sink: String,
    /// The version of the token.
    pub version: u32,
    /// Why an attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it is tried again; left out when no other attempt follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
}

/// A new configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventReload)]
pub struct Reload {
    /// The user who asked, or SIGHUP.
    pub asked_by: String,
    /// Whether the new configuration is in effect.
    pub live: bool,
    /// The keys that take effect at a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_restart: Option<String>,
}

/// How many of an email's recipients got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventEmailReach)]
pub struct EmailReach {
    /// How many recipients the email has.
    pub recipients: usize,
    /// How many of them have it.
    pub got_it: usize,
}
