//! The errors of Graph calls, one variant for each way to react. No text here holds Meta's message, a URL or a body,
//! because those may contain tokens.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Cause, MetaCode};

/// An error of a call, or of one token in a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Meta rejects the token. The cause says whether it can be renewed.
    #[error("Meta refuses the token: {} ({})", .0.cause, .0.meta)]
    Refused(TokenRejection),
    /// Meta rejects the app or its secret. This says nothing about any token.
    #[error(
        "Meta refuses the app itself: {cause} ({meta}); {}", what_to_do(*cause)
    )]
    App {
        /// `AppSecretWrong`, `AppUnavailable` or `VersionEnded`.
        cause: Cause,
        meta: MetaCode,
    },
    /// Rate limited: try again later. Meta prolongs the limit for apps that keep calling.
    #[error("Meta limits the app's calls ({meta}); they resume later")]
    Busy {
        bucket: Bucket,
        /// How long the limit will last, by Meta's estimate.
        regain: Option<Duration>,
        meta: MetaCode,
    },
    /// Blocked for policy or abuse: stop calling and notify the operator.
    #[error("Meta blocks the app's calls for a while ({0}); look for alerts in Meta's dashboard")]
    Blocked(MetaCode),
    /// No usable answer arrived: try again later. The text holds no URL and nothing that was received.
    #[error("no usable answer from Meta: {0}; the call is repeated later")]
    Unreachable(Arc<str>),
    /// A temporary error at Meta: try again later.
    #[error("Meta reports a temporary error ({0}); the call is repeated later")]
    Transient(MetaCode),
    /// An unknown answer: log it and try again later.
    #[error("Meta sent an unknown answer (HTTP {status}, {meta}); the call is repeated later")]
    Unexpected { meta: MetaCode, status: u16 },
}

/// Meta's rejection of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRejection {
    pub cause: Cause,
    pub meta: MetaCode,
    pub certainty: Certainty,
}

/// Whether a single rejection is enough to believe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    Certain,
    /// Meta has sent this for tokens that were alive: check the token again before notifying anyone.
    Doubtful,
}

/// The call budget that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Meta rejects every call of the app.
    App,
    /// Meta rejects calls with this token, or for this page or business.
    Token,
}

impl Error {
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Refused(rejection) => rejection.cause,
            Self::App { cause, .. } => *cause,
            Self::Busy { .. } => Cause::Throttled,
            Self::Blocked(_) => Cause::Blocked,
            Self::Unreachable(_) | Self::Transient(_) => Cause::Outage,
            Self::Unexpected { .. } => Cause::Unexplained,
        }
    }

    /// Whether Meta refuses the version of the call, whichever app or token makes it.
    pub const fn is_about_version(&self) -> bool {
        matches!(
            self,
            Self::App {
                cause: Cause::VersionEnded,
                ..
            }
        )
    }

    pub(super) fn unreachable(why: impl Into<Arc<str>>) -> Self {
        Self::Unreachable(why.into())
    }

    /// The error for an answer without an error whose content does not fit the call.
    pub(super) fn senseless(status: u16) -> Self {
        let meta = MetaCode::default();
        Self::Unexpected { meta, status }
    }

    /// Adds the estimated end of the limit from the headers of the same answer.
    pub(super) fn with_regain(mut self, hint: Option<Duration>) -> Self {
        if let Self::Busy { regain, .. } = &mut self {
            *regain = regain.or(hint);
        }
        self
    }

    /// Returns the same error without blaming the app, for calls in which the app is known to be accepted. An error about
    /// the version stays one: it says nothing about the token either.
    pub fn about_one_token(self) -> Self {
        if self.is_about_version() {
            return self;
        }
        match self {
            Self::App { meta, .. } => Self::Unexpected { meta, status: 400 },
            Self::Busy { regain, meta, .. } => Self::Busy {
                bucket: Bucket::Token,
                regain,
                meta,
            },
            other @ (Self::Refused(_)
            | Self::Blocked(_)
            | Self::Unreachable(_)
            | Self::Transient(_)
            | Self::Unexpected { .. }) => other,
        }
    }

    /// Returns whether another secret of the same app might be accepted.
    pub(super) fn is_wrong_secret(&self) -> bool {
        matches!(
            self,
            Self::App {
                cause: Cause::AppSecretWrong,
                ..
            }
        )
    }

    /// Returns whether every further call of this app will fail the same way.
    pub(super) fn concerns_every_token(&self) -> bool {
        match self {
            Self::App { .. } | Self::Blocked(_) => true,
            Self::Busy { bucket, .. } => *bucket == Bucket::App,
            Self::Refused(_)
            | Self::Unreachable(_)
            | Self::Transient(_)
            | Self::Unexpected { .. } => false,
        }
    }
}

const fn what_to_do(cause: Cause) -> &'static str {
    match cause {
        Cause::VersionEnded => "set a newer graph_version",
        _ => "check the app's id and secret and its state in Meta's dashboard",
    }
}

impl TokenRejection {
    /// A rejection without an error of Meta's.
    pub(super) fn new(cause: Cause, certainty: Certainty) -> Self {
        Self {
            cause,
            meta: MetaCode::default(),
            certainty,
        }
    }

    /// The rejection of a value that cannot be a token. Meta is not asked.
    pub(super) fn unreadable() -> Self {
        Self::new(Cause::Unreadable, Certainty::Doubtful)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_quote_what_support_asks_for() {
        let rejection = TokenRejection {
            cause: Cause::Expired,
            meta: MetaCode {
                code: 190,
                subcode: Some(463),
                fbtrace_id: Some("AbC".to_owned()),
            },
            certainty: Certainty::Certain,
        };
        assert_eq!(
            Error::Refused(rejection).to_string(),
            "Meta refuses the token: expired (code 190/463, fbtrace_id AbC)"
        );
        assert_eq!(
            Error::senseless(200).to_string(),
            "Meta sent an unknown answer (HTTP 200, code 0); the call is repeated later"
        );
    }

    #[test]
    fn a_hint_from_the_headers_reaches_the_limit_it_belongs_to() {
        let busy = Error::Busy {
            bucket: Bucket::App,
            regain: None,
            meta: MetaCode {
                code: 4,
                ..MetaCode::default()
            },
        };
        let hint = Some(Duration::from_secs(600));
        assert!(matches!(
            busy.with_regain(hint),
            Error::Busy { regain, .. } if regain == hint
        ));
        assert_eq!(
            Error::senseless(200).with_regain(hint),
            Error::senseless(200)
        );
    }
}
