//! The errors of Graph calls, one variant for each way to react. No text here holds Meta's message, a URL or a body,
//! because those may contain tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::Cause;

/// An error of a call, or of one token in a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Meta rejects the token. The cause says whether it can be renewed.
    #[error("Meta refuses the token: {0}")]
    Refused(TokenRejection),
    /// Meta rejects the app or its secret. This says nothing about any token.
    #[error(
        "Meta refuses the app itself: {cause} ({}); check the app's id and secret and its state in Meta's dashboard",
        Mark(code, subcode, trace)
    )]
    App {
        /// `AppSecretWrong` or `AppUnavailable`.
        cause: Cause,
        code: i64,
        subcode: Option<i64>,
        trace: Option<String>,
    },
    /// Rate limited: try again later. Meta prolongs the limit for apps that keep calling.
    #[error("Meta limits the app's calls ({}); they resume later", Mark(code, &None, trace))]
    Busy {
        bucket: Bucket,
        code: i64,
        /// How long the limit will last, by Meta's estimate.
        regain: Option<Duration>,
        trace: Option<String>,
    },
    /// Blocked for policy or abuse: stop calling and notify the operator.
    #[error(
        "Meta blocks the app's calls for a while ({}); look for alerts in Meta's dashboard",
        Mark(code, subcode, trace)
    )]
    Blocked {
        code: i64,
        subcode: Option<i64>,
        trace: Option<String>,
    },
    /// No usable answer arrived: try again later. The text holds no URL and nothing that was received.
    #[error("no usable answer from Meta: {0}; the call is repeated later")]
    Unreachable(Arc<str>),
    /// A temporary error at Meta: try again later.
    #[error(
        "Meta reports a temporary error ({}); the call is repeated later",
        Mark(code, subcode, trace)
    )]
    Transient {
        code: i64,
        subcode: Option<i64>,
        trace: Option<String>,
    },
    /// An unknown answer: log it and try again later. The code is 0 if Meta sent none.
    #[error(
        "Meta sent an unknown answer (HTTP {status}, {}); the call is repeated later",
        Mark(code, subcode, trace)
    )]
    Unexpected {
        code: i64,
        subcode: Option<i64>,
        trace: Option<String>,
        status: u16,
    },
}

/// Meta's rejection of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRejection {
    pub cause: Cause,
    pub code: i64,
    pub subcode: Option<i64>,
    /// Meta's `fbtrace_id`, which its support asks for.
    pub trace: Option<String>,
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
            Self::Blocked { .. } => Cause::Blocked,
            Self::Unreachable(_) | Self::Transient { .. } => Cause::Outage,
            Self::Unexpected { .. } => Cause::Unexplained,
        }
    }

    pub(super) fn unreachable(why: impl Into<Arc<str>>) -> Self {
        Self::Unreachable(why.into())
    }

    /// The error for an answer without an error whose content does not fit the call.
    pub(super) const fn senseless(status: u16) -> Self {
        Self::Unexpected {
            code: 0,
            subcode: None,
            trace: None,
            status,
        }
    }

    /// Adds the estimated end of the limit from the headers of the same answer.
    pub(super) fn with_regain(mut self, hint: Option<Duration>) -> Self {
        if let Self::Busy { regain, .. } = &mut self {
            *regain = regain.or(hint);
        }
        self
    }

    /// Returns the same error without blaming the app, for calls in which the app is known to be accepted.
    pub fn about_one_token(self) -> Self {
        match self {
            Self::App {
                code,
                subcode,
                trace,
                ..
            } => Self::Unexpected {
                code,
                subcode,
                trace,
                status: 400,
            },
            Self::Busy {
                code,
                regain,
                trace,
                ..
            } => Self::Busy {
                bucket: Bucket::Token,
                code,
                regain,
                trace,
            },
            other @ (Self::Refused(_)
            | Self::Blocked { .. }
            | Self::Unreachable(_)
            | Self::Transient { .. }
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
            Self::App { .. } | Self::Blocked { .. } => true,
            Self::Busy { bucket, .. } => *bucket == Bucket::App,
            Self::Refused(_)
            | Self::Unreachable(_)
            | Self::Transient { .. }
            | Self::Unexpected { .. } => false,
        }
    }
}

impl TokenRejection {
    pub fn needs_confirmation(&self) -> bool {
        self.certainty == Certainty::Doubtful
    }

    /// The rejection of a value that cannot be a token. Meta is not asked.
    pub(super) const fn unreadable() -> Self {
        Self {
            cause: Cause::Unreadable,
            code: 0,
            subcode: None,
            trace: None,
            certainty: Certainty::Doubtful,
        }
    }
}

impl fmt::Display for TokenRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = Mark(&self.code, &self.subcode, &self.trace);
        write!(f, "{} ({mark})", self.cause)
    }
}

/// Code, subcode and trace, as Meta's support expects them.
struct Mark<'a>(&'a i64, &'a Option<i64>, &'a Option<String>);

impl fmt::Display for Mark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}", self.0)?;
        if let Some(subcode) = self.1 {
            write!(f, "/{subcode}")?;
        }
        if let Some(trace) = self.2 {
            write!(f, ", fbtrace_id {trace}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_quote_what_support_asks_for() {
        let rejection = TokenRejection {
            cause: Cause::Expired,
            code: 190,
            subcode: Some(463),
            trace: Some("AbC".to_owned()),
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
            code: 4,
            regain: None,
            trace: None,
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
