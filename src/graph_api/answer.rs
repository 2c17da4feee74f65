//! What Meta answers, in our own nouns.

use crate::model::Facts;
use crate::secret::Secret;

use super::{Error, TokenRejection, Usage};

/// An answer and what it cost.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    pub answer: T,
    pub usage: Usage,
}

/// What Meta's debugger says of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspection {
    Alive(Facts),
    /// Meta refuses the token. Facts come along where Meta still tells them.
    Refused {
        rejection: TokenRejection,
        facts: Option<Facts>,
    },
    /// The call was answered, but not with a verdict: a limit, a fault of Meta's or a sentence that we do not know. The
    /// error concerns this token alone, whatever it names.
    Undecided(Error),
}

/// A page that a person may act for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageGrant {
    pub id: String,
    pub name: String,
    /// Missing where the person lacks the role or the permission.
    pub token: Option<Secret>,
    pub tasks: Vec<String>,
}

impl PageGrant {
    /// How much memory it takes, about.
    pub(super) fn size(&self) -> usize {
        let token = self.token.as_ref().map_or(0, Secret::len);
        let tasks: usize = self.tasks.iter().map(String::len).sum();
        size_of::<Self>() + self.id.len() + self.name.len() + token + tasks
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub name: String,
    /// `granted`, `declined` or `expired`, as Meta says it.
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub id: String,
    pub name: String,
}

impl Permission {
    pub fn is_granted(&self) -> bool {
        self.status == "granted"
    }
}

impl<T> Reply<T> {
    /// An answer for which Meta was not asked.
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
