//! What came of trying to send an email.

use jiff::Timestamp;

/// What came of handing an email over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Those who have it now.
    pub reached: Vec<String>,
    /// Those who will not get it.
    pub refused: Vec<String>,
    /// Why they will not.
    pub refusal: Option<String>,
    pub outcome: SendOutcome,
    /// How the conversation with the mail server went, without anybody's address.
    pub conversation: Vec<String>,
    /// The file that it was written into instead of being sent.
    pub file: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SendOutcome {
    /// Whoever can have it has it.
    #[default]
    Sent,
    /// The mail path failed, which says nothing about the email.
    Waits {
        reason: String,
        next_try_at: Timestamp,
    },
    /// A server put it off; without `next_try_at`, for the last time.
    Delayed {
        reason: String,
        next_try_at: Option<Timestamp>,
    },
    /// A server refused it; without `next_try_at`, for the last time.
    Refused {
        reason: String,
        next_try_at: Option<Timestamp>,
    },
}

impl Attempt {
    /// What a person who looks into it must know first.
    pub fn reason(&self) -> Option<&str> {
        self.outcome.reason().or(self.refusal.as_deref())
    }
}

impl SendOutcome {
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Sent => None,
            Self::Waits { reason, .. }
            | Self::Delayed { reason, .. }
            | Self::Refused { reason, .. } => Some(reason),
        }
    }

    pub const fn next_try_at(&self) -> Option<Timestamp> {
        match self {
            Self::Sent => None,
            Self::Waits { next_try_at, .. } => Some(*next_try_at),
            Self::Delayed { next_try_at, .. } | Self::Refused { next_try_at, .. } => *next_try_at,
        }
    }

    /// Nobody will try again.
    pub const fn is_given_up(&self) -> bool {
        !matches!(self, Self::Sent) && self.next_try_at().is_none()
    }
}
