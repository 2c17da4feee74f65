//! What would happen to the tokens of one person, class by class. Without names and numbers, so that it serves everybody
//! who has such tokens.

use jiff::Timestamp;

use crate::model::{Cause, EmailReason};

/// The position of a class among those of the person.
pub(super) type ClassIndex = u32;

#[derive(Debug, Default)]
pub(super) struct Timeline {
    pub(super) logins: Vec<Login>,
    pub(super) emails: Vec<Email>,
    pub(super) renewals: Vec<(Timestamp, ClassIndex)>,
    pub(super) lapses: Vec<(Timestamp, LapseCause, ClassIndex)>,
    pub(super) calls: Vec<Calls>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// When the first of the tokens ends.
    pub(super) by: Timestamp,
    /// The tokens that end.
    pub(super) classes: Vec<ClassIndex>,
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
    pub(super) classes: Vec<ClassIndex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LapseCause {
    Expiry,
    DataAccess,
    PersonLeaves,
}

/// Calls for each token of a class.
#[derive(Clone, Copy, Debug)]
pub(super) enum Calls {
    /// The usual checks.
    Daily {
        class: ClassIndex,
        from: Timestamp,
        to: Timestamp,
        per_day: f64,
    },
    Once {
        class: ClassIndex,
        at: Timestamp,
        calls: u32,
    },
}
