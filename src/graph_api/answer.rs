//! The results of Graph calls, in this project's terms.

use serde::Deserialize;

use crate::model::Facts;

use super::{Error, TokenRejection, Usage};

/// A result and the calls that it used.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    pub answer: T,
    pub usage: Usage,
}

/// What Meta's debugger reports about one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspection {
    Alive(Facts),
    /// Meta rejects the token. `facts` holds what Meta still reports about it.
    Refused {
        rejection: TokenRejection,
        facts: Option<Facts>,
    },
    /// The debugger answered, but the answer does not say whether the token works: a rate limit, an outage at Meta or
    /// an unknown error. The error concerns this token alone, even if it names the app.
    Undecided(Error),
}

/// What to ask about each page of a person. The tokens of 100,000 pages need much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFields {
    Names,
    NamesAndTokens,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Permission {
    #[serde(rename = "permission")]
    pub name: String,
    /// `granted`, `declined` or `expired`, as Meta spells it.
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub id: String,
    pub name: String,
}

impl<T> Reply<T> {
    /// Wraps a result that needed no call to Meta.
    pub(super) fn free(answer: T) -> Self {
        Self {
            answer,
            usage: Usage::default(),
        }
    }

    pub(super) fn map<U>(self, read: impl FnOnce(T) -> U) -> Reply<U> {
        Reply {
            answer: read(self.answer),
            usage: self.usage,
        }
    }
}
