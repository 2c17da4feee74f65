//! What would happen to the tokens of one person, class by class. Without names and numbers, so that it serves everybody
//! who has such tokens.

use jiff::Timestamp;

use crate::model::{Cause, EmailReason};

/// The position of a class among those of the person.
pub(super) type ClassIndex = u32;

/// Thousands are remembered, so they are small.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    pub(super) logins: Vec<Login>,
    pub(super) emails: Vec<Email>,
    pub(super) renewals: Vec<(Timestamp, ClassIndex)>,
    pub(super) lapses: Vec<(Timestamp, LapseCause, ClassIndex)>,
    pub(super) checks: Vec<Checks>,
    pub(super) other_calls: Vec<OtherCalls>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// When the first of the tokens ends.
    pub(super) by: Timestamp,
    /// The tokens that end.
    pub(super) classes: Box<[ClassIndex]>,
}

#[derive(Debug)]
pub(super) struct Email {
    pub(super) at: Timestamp,
    pub(super) reason: EmailReason,
    /// That of the incident, and as it is then.
    pub(super) incident_cause: Cause,
    pub(super) cause: Cause,
    pub(super) deadline: Option<Timestamp>,
    pub(super) is_escalated: bool,
    pub(super) classes: Box<[ClassIndex]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LapseCause {
    Expiry,
    DataAccess,
    PersonLeaves,
}

/// The usual checks of each token of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checks {
    pub(super) class: ClassIndex,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// Other calls for each of these tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtherCalls {
    pub(super) class: ClassIndex,
    pub(super) calls: u32,
    pub(super) at: Timestamp,
}

impl Timeline {
    pub(super) fn shrink(&mut self) {
        self.logins.shrink_to_fit();
        self.emails.shrink_to_fit();
        self.renewals.shrink_to_fit();
        self.lapses.shrink_to_fit();
        self.checks.shrink_to_fit();
        self.other_calls.shrink_to_fit();
    }
}
