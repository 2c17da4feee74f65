//! Why an email is written.

/// Why an email is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailReason {
    First,
    /// More of the same, each of which needs a deed of its own.
    Grown,
    /// A further warning step before the end is crossed.
    Nearer,
    /// The end that was coming has come.
    Ended,
    Reminder,
    /// It comes again and again.
    Flapping,
    /// Nobody has acted, so somebody else is told.
    Escalated,
    Recovered,
    /// The tokens it was about were removed.
    Withdrawn,
}
