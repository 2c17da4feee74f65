//! Why an email is written.

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
