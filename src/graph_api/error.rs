//! What can go wrong, as the choices it leaves to the caller. No text here holds Meta's words, a URL or a body:
//! they may echo tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::Cause;

/// Trouble with a call, or with one token of a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The token is finished, or waits for a person: the refusal's cause tells which.
    #[error("Meta refuses the token: {0}")]
    Refused(TokenRejection),
    /// Our own app or its secret is refused. That says nothing about any token.
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
    /// Rate limited: come back later, for those who keep calling wait longer.
    #[error("Meta limits our calls ({}); they are taken up again later", Mark(code, &None, trace))]
    Busy {
        bucket: Bucket,
        code: i64,
        /// How long Meta thinks that it will last.
        regain: Option<Duration>,
        trace: Option<String>,
    },
    /// Blocked for policy or abuse: stop, and tell the operator.
    #[error(
        "Meta blocks the app's calls for a while ({}); look for alerts in Meta's dashboard",
        Mark(code, subcode, trace)
    )]
    Blocked {
        code: i64,
        subcode: Option<i64>,
        trace: Option<String>,
    },
    /// No usable answer arrived: come back later. The text is free of URLs and of what was received.
    #[error("no usable answer from Meta: {0}; it is asked again later")]
    Unreachable(Arc<str>),
    /// Meta's own trouble, which may pass: come back later.
    #[error(
        "Meta has trouble of its own ({}); it is asked again later",
        Mark(code, subcode, trace)
    )]
    Transient {
        code: i64,
        subcode: Option<i64>,
        trace: Option<String>,
    },
    /// An answer that we do not know: come back later, and log it. Code 0 where Meta gave none.
    #[error(
        "Meta gave an answer that is not known here (HTTP {status}, {}); it is asked again later",
        Mark(code, subcode, trace)
    )]
    Unexpected {
        code: i64,
        subcode: Option<i64>,
        trace: Option<String>,
        status: u16,
    },
}

/// Meta's refusal of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRejection {
    pub cause: Cause,
    pub code: i64,
    pub subcode: Option<i64>,
    /// Meta's `fbtrace_id`, which its support asks for.
    pub trace: Option<String>,
    pub certainty: Certainty,
}

/// Whether a refusal may be believed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    Certain,
    /// Meta has been seen to say this of tokens that were alive: look again before a person is bothered.
    Doubtful,
}

/// Whose allowance of calls is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Every call of the app is refused.
    App,
    /// Calls with this token, or for this page or business.
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

    /// A 200 whose content makes no sense for the call.
    pub(super) const fn senseless(status: u16) -> Self {
        Self::Unexpected {
            code: 0,
            subcode: None,
            trace: None,
            status,
        }
    }

    /// With what the headers of the same answer say about the end of the limit.
    pub(super) fn with_regain(mut self, hint: Option<Duration>) -> Self {
        if let Self::Busy { regain, .. } = &mut self {
            *regain = regain.or(hint);
        }
        self
    }

    /// The same, where it is known that the app is not at fault.
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

    /// Another secret of the same app might be accepted.
    pub(super) fn is_wrong_secret(&self) -> bool {
        matches!(
            self,
            Self::App {
                cause: Cause::AppSecretWrong,
                ..
            }
        )
    }

    /// Whatever we ask next for this app will be answered the same way.
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

    /// Our own judgement of a value that cannot be a token, so Meta is not asked.
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

/// Code, subcode and trace, as they are quoted to Meta's support.
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
            "Meta gave an answer that is not known here (HTTP 200, code 0); it is asked again later"
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
