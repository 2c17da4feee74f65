//! The error answers of the socket: `application/problem+json` (RFC 9457), with stable types.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error: what went wrong, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A stable URN, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Every single problem, when there may be several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The table of all problem types: the last part of the URN, the HTTP status, the title.
macro_rules! problem_types {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $status:literal, $title:literal;)+) => {
        /// Programs rely on the URNs: new ones may be added, existing ones must not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemType { $($(#[$doc])* $name,)+ }

        impl ProblemType {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub const fn urn(self) -> &'static str {
                match self { $(Self::$name => concat!("urn:perennial:problem:", $word),)+ }
            }

            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

problem_types! {
    /// The request cannot be read.
    Malformed = "malformed", 400, "Malformed request";
    NotPermitted = "not-permitted", 403, "Not permitted";
    NoSuchRoute = "no-such-route", 404, "No such route";
    NoSuchToken = "no-such-token", 404, "No such token";
    NoSuchIncident = "no-such-incident", 404, "No such incident";
    NoSuchLogin = "no-such-login", 404, "No such login";
    NoSuchSink = "no-such-sink", 404, "No such sink";
    NoSuchConsumer = "no-such-consumer", 404, "No such consumer";
    /// The token never had a version of this number, or it is no longer kept.
    NoSuchVersion = "no-such-version", 404, "No such version";
    NoSuchChannel = "no-such-channel", 404, "No such channel";
    /// No token belongs to such a person.
    NoSuchPerson = "no-such-person", 404, "No such person";
    MethodNotAllowed = "method-not-allowed", 405, "Method not allowed";
    TooSlow = "too-slow", 408, "Request too slow";
    NameTaken = "name-taken", 409, "Name taken";
    HeldByAnother = "held-by-another", 409, "Held by another token";
    NoPreviousVersion = "no-previous-version", 409, "No previous version";
    TooLittleLife = "too-little-life", 409, "Too little life left";
    ExpiryUnknown = "expiry-unknown", 409, "Expiry unknown";
    TokenDead = "token-dead", 409, "Token dead";
    AlreadyResolved = "already-resolved", 409, "Already resolved";
    /// Meta has not said whose token it is.
    PersonUnknown = "person-unknown", 409, "Person unknown";
    /// The login was completed before, or started too long ago.
    LoginOver = "login-over", 409, "Login over";
    TooLarge = "too-large", 413, "Request too large";
    NotJson = "not-json", 415, "Not JSON";
    /// The request can be read, but a value in it is not acceptable.
    Invalid = "invalid", 422, "Invalid value";
    UnknownApp = "unknown-app", 422, "Unknown app";
    NoPublicPart = "no-public-part", 422, "No public part";
    TooManyLogins = "too-many-logins", 429, "Too many logins";
    ReloadRefused = "reload-refused", 422, "Configuration refused";
    MailRefused = "mail-refused", 422, "Mail refused";
    /// The sink does not take what it is sent.
    SinkFailed = "sink-failed", 422, "Sink failed";
    TooManyConnections = "too-many-connections", 503, "Too many connections";
    TooManyFollowers = "too-many-followers", 503, "Too many followers";
    NotReady = "not-ready", 503, "Not ready";
    InventoryUnavailable = "inventory-unavailable", 503, "Inventory unavailable";
    Stopping = "stopping", 503, "Stopping";
    Busy = "busy", 503, "Busy";
}

impl Problem {
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.urn().to_owned(),
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: detail.into(),
            problems: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_problems(mut self, problems: Vec<String>) -> Self {
        self.problems = problems;
        self
    }

    pub fn is(&self, kind: ProblemType) -> bool {
        self.kind == kind.urn()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_problem_has_a_type_of_its_own() {
        let urns: HashSet<_> = ProblemType::ALL.iter().map(|kind| kind.urn()).collect();
        assert_eq!(urns.len(), ProblemType::ALL.len());
        for urn in urns {
            let word = urn.strip_prefix("urn:perennial:problem:").unwrap();
            assert!(
                word.bytes()
                    .all(|byte| byte == b'-' || byte.is_ascii_lowercase()),
                "{urn}"
            );
        }
    }
}
