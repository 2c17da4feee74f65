//! An answer: a body and a status, or an error in Meta's envelope.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::graph_sim::world::{TokenError, Unreadable};

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// Names and values, in the order in which they are sent.
    pub(crate) headers: Vec<NamedHeader>,
}

/// What a call that was accepted returns.
pub(super) enum Success {
    Body(String),
    /// The address of a file.
    Elsewhere(String),
}

/// The name is spelled as Meta spells it inside batches.
pub(crate) type NamedHeader = (Cow<'static, str>, String);

#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: i64,
    pub(crate) subcode: Option<u32>,
    pub(crate) message: String,
    pub(crate) is_transient: Option<bool>,
    pub(crate) envelope: Envelope,
}

/// How an error stands in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    Nested,
    /// The type, the code and the message alone, as Instagram and Threads answer a bad code.
    Flat,
}

pub(crate) const OAUTH: &str = "OAuthException";
pub(crate) const METHOD: &str = "GraphMethodException";

#[derive(Serialize)]
struct Nested<'a> {
    error: Fields<'a>,
}

#[derive(Serialize)]
struct Flat<'a> {
    error_type: &'a str,
    code: i64,
    error_message: &'a str,
}

#[derive(Serialize)]
struct Fields<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_transient: Option<bool>,
    code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_subcode: Option<u32>,
    fbtrace_id: &'a str,
}

impl GraphError {
    pub(crate) fn oauth(code: i64, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            kind: OAUTH,
            code,
            subcode: None,
            message: message.into(),
            is_transient: None,
            envelope: Envelope::Nested,
        }
    }

    /// The object does not exist, is not visible to the caller, or does not support the method.
    pub(crate) fn method(code: i64, message: impl Into<String>) -> Self {
        Self {
            kind: METHOD,
            ..Self::oauth(code, message)
        }
    }

    /// Meta's answer to a call that asks for more than it serves at once.
    pub(crate) fn too_much_data() -> Self {
        let message = "Please reduce the amount of data you're asking for, then retry your request";
        Self::oauth(1, message).with_status(500)
    }

    pub(crate) fn with_subcode(self, subcode: u32) -> Self {
        Self {
            subcode: Some(subcode),
            ..self
        }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn transient(self) -> Self {
        Self {
            is_transient: Some(true),
            ..self
        }
    }

    pub(crate) fn body(&self, trace_id: &str) -> String {
        match self.envelope {
            Envelope::Nested => self.nested(trace_id),
            Envelope::Flat => json(&Flat {
                error_type: self.kind,
                code: self.code,
                error_message: &self.message,
            }),
        }
    }

    /// The answer, with the header that repeats the message.
    pub(crate) fn answer(&self, trace_id: &str) -> Answer {
        Answer {
            status: self.status,
            body: self.body(trace_id),
            headers: vec![("WWW-Authenticate".into(), self.challenge())],
        }
    }

    fn nested(&self, trace_id: &str) -> String {
        json(&Nested {
            error: Fields {
                message: &self.message,
                kind: self.kind,
                is_transient: self.is_transient,
                code: self.code,
                error_subcode: self.subcode,
                fbtrace_id: trace_id,
            },
        })
    }

    /// The header that repeats the message. Each kind is that of a recorded answer.
    pub(crate) fn challenge(&self) -> String {
        let kind = match self.code {
            104 | 190 => "invalid_token",
            803 => "not_found",
            _ => "invalid_request",
        };
        format!(
            "OAuth \"Facebook Platform\" \"{kind}\" \"{}\"",
            self.message
        )
    }
}

impl From<TokenError> for GraphError {
    fn from(error: TokenError) -> Self {
        Self {
            subcode: error.subcode,
            ..Self::oauth(error.code, error.message)
        }
    }
}

impl From<Unreadable> for GraphError {
    fn from(unreadable: Unreadable) -> Self {
        Self::oauth(190, unreadable.message())
    }
}

/// Serialization fails only for maps whose keys are not strings, and there are none here.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| Value::Null.to_string())
}
