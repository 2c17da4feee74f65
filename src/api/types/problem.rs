//! The error answers of the socket: `application/problem+json` (RFC 9457), with stable types.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::book;

/// An error: what went wrong, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A stable URN, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The type, in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request, and what to do.
    pub detail: String,
    /// The section of the book about it: a file on the daemon's machine.
    #[serde(default)]
    pub help: Box<str>,
    /// Every single problem, when there may be several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The table of all problem types: what went wrong, the last part of the URN, the HTTP status, the title.
macro_rules! problem_types {
    ($(#[doc = $meaning:literal] $name:ident = $word:literal, $status:literal, $title:literal;)+) => {
        /// Programs rely on the URNs: new ones may be added, existing ones must not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemType { $(#[doc = $meaning] $name,)+ }

        impl ProblemType {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub const fn urn(self) -> &'static str {
                match self { $(Self::$name => concat!("urn:perennial:problem:", $word),)+ }
            }

            /// The last part of the URN.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What went wrong, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning.trim_ascii(),)+ }
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
    /// The user at the other end of the socket may not do this.
    NotPermitted = "not-permitted", 403, "Not permitted";
    /// There is nothing at this address.
    NoSuchRoute = "no-such-route", 404, "No such route";
    /// There is no `[[app]]` with this name.
    UnknownApp = "unknown-app", 404, "Unknown app";
    /// There is no token with this name.
    NoSuchToken = "no-such-token", 404, "No such token";
    /// The list has no page after this, in this order.
    NoSuchPage = "no-such-page", 404, "No such page";
    /// There is no incident with this id.
    NoSuchIncident = "no-such-incident", 404, "No such incident";
    /// There is no login with this id.
    NoSuchLogin = "no-such-login", 404, "No such login";
    /// There is no `[[delivery]]` with this name.
    NoSuchSink = "no-such-sink", 404, "No such sink";
    /// The token has no consumer with this name.
    NoSuchConsumer = "no-such-consumer", 404, "No such consumer";
    /// There is no `[[alerts.post]]` with this name.
    NoSuchChannel = "no-such-channel", 404, "No such channel";
    /// No token belongs to such a person.
    NoSuchPerson = "no-such-person", 404, "No such person";
    /// The address does not take this method.
    MethodNotAllowed = "method-not-allowed", 405, "Method not allowed";
    /// The request did not arrive in time.
    TooSlow = "too-slow", 408, "Request too slow";
    /// Another token has this name.
    NameTaken = "name-taken", 409, "Name taken";
    /// Another token has this secret.
    HeldByAnother = "held-by-another", 409, "Held by another token";
    /// The token never had a version of this number, or it is no longer kept.
    NoSuchVersion = "no-such-version", 409, "No such version";
    /// There is no earlier version to go back to.
    NoPreviousVersion = "no-previous-version", 409, "No previous version";
    /// The token works for less time than the request wants.
    TooLittleLife = "too-little-life", 409, "Too little life left";
    /// Meta has not said when the token expires.
    ExpiryUnknown = "expiry-unknown", 409, "Expiry unknown";
    /// Meta refuses the token for good, so its secret is of no use. The token's `cause` says why.
    TokenDead = "token-dead", 409, "Token dead";
    /// The incident is over.
    AlreadyResolved = "already-resolved", 409, "Already resolved";
    /// Meta has not said whose token it is.
    PersonUnknown = "person-unknown", 409, "Person unknown";
    /// The login was completed before, or started too long ago.
    LoginOver = "login-over", 409, "Login over";
    /// The address that the browser ended at belongs to another login.
    OtherLogin = "other-login", 409, "Another login";
    /// The app's platform has no logins in JavaScript whose code works without a redirect.
    NoScriptLogin = "no-script-login", 409, "No login in JavaScript";
    /// The request fits several apps or people. It must name one.
    Ambiguous = "ambiguous", 409, "Ambiguous";
    /// The time in the request has passed.
    InThePast = "in-the-past", 409, "Time in the past";
    /// Login links need the section `[web]`.
    NoPublicPart = "no-public-part", 409, "No public part";
    /// The configuration on disk is wrong, so the daemon keeps the one that it has.
    ReloadRefused = "reload-refused", 409, "Configuration refused";
    /// The mail server did not take the test email, or none is configured.
    MailRefused = "mail-refused", 409, "Mail refused";
    /// The sink or the channel does not take what it is sent.
    SinkFailed = "sink-failed", 409, "Sink failed";
    /// The request is larger than the daemon reads.
    TooLarge = "too-large", 413, "Request too large";
    /// The body is not `application/json`.
    NotJson = "not-json", 415, "Not JSON";
    /// The request can be read, but a value in it is not acceptable.
    Invalid = "invalid", 422, "Invalid value";
    /// Too many logins are open.
    TooManyLogins = "too-many-logins", 429, "Too many logins";
    /// The user holds too many connections.
    TooManyConnections = "too-many-connections", 503, "Too many connections";
    /// The user follows the journal too often at once.
    TooManyFollowers = "too-many-followers", 503, "Too many followers";
    /// The daemon does not do all of its work. `problems` says why.
    NotReady = "not-ready", 503, "Not ready";
    /// The inventory cannot be read or written.
    InventoryUnavailable = "inventory-unavailable", 503, "Inventory unavailable";
    /// The daemon is stopping.
    Stopping = "stopping", 503, "Stopping";
    /// The daemon has too much to do at this moment.
    Busy = "busy", 503, "Busy";
}

impl Problem {
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.urn().to_owned(),
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: detail.into(),
            help: book::section_of_problem(kind.word()).into(),
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
