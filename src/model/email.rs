//! Emails in the outbox, and the outcome of an attempt to send one.

use jiff::Timestamp;

use super::IncidentId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmailId(pub i64);

#[derive(Clone, Debug)]
pub struct NewEmail {
    pub incident: Option<IncidentId>,
    /// Stable per email, without angle brackets, so that a crash cannot make a duplicate look like another email.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub recipients: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Clone, Debug)]
pub struct Email {
    pub id: EmailId,
    pub email: NewEmail,
    /// Recipients for whom the mail server has accepted it.
    pub reached: Vec<String>,
    /// Recipients whom the mail server refused for good, while it accepted the email for others.
    pub refused: Vec<String>,
    pub written_at: Timestamp,
    pub attempts: u32,
    /// Since when a mail server that can be reached has delayed or refused it.
    pub failing_since: Option<Timestamp>,
    pub last_error: Option<String>,
}

/// One attempt to send an email.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Recipients who have it now.
    pub reached: Vec<String>,
    /// Recipients who will not get it.
    pub refused: Vec<String>,
    /// Why they will not get it.
    pub rejection: Option<String>,
    pub outcome: SendOutcome,
    /// The conversation with the mail server, without addresses.
    pub conversation: Vec<String>,
    /// The file that it was written into instead of being sent.
    pub file: Option<String>,
}

impl Attempt {
    /// The reason that a person who looks into it needs first.
    pub fn reason(&self) -> Option<&str> {
        self.outcome.reason().or(self.rejection.as_deref())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SendOutcome {
    /// Every recipient who can have it has it.
    #[default]
    Sent,
    /// Sending itself failed, which says nothing about the email.
    Waits {
        reason: String,
        next_try_at: Timestamp,
    },
    /// A server delayed it. Without `next_try_at`, this was the last attempt.
    Delayed {
        reason: String,
        next_try_at: Option<Timestamp>,
    },
    /// A server refused it. Without `next_try_at`, this was the last attempt.
    Refused {
        reason: String,
        next_try_at: Option<Timestamp>,
    },
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

    /// Whether no other attempt follows.
    pub const fn is_given_up(&self) -> bool {
        !matches!(self, Self::Sent) && self.next_try_at().is_none()
    }
}

/// Why an email about an incident is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailReason {
    First,
    /// More tokens are affected, and each needs its own fix.
    Grown,
    /// The next warning step before the expiry is reached.
    Nearer,
    /// The expiry has passed.
    Ended,
    Reminder,
    /// The problem keeps coming back.
    Flapping,
    /// Nobody has acted, so the escalation recipients are notified.
    Escalated,
    Recovered,
    /// The affected tokens were removed.
    Withdrawn,
}

impl EmailReason {
    /// Whether the email tells the recipients that the problem is over.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Recovered | Self::Withdrawn)
    }
}
