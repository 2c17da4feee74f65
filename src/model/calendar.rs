//! Calendars of coming logins: whose they are, and what each showed last.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A calendar that has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub id: i64,
    /// Empty, as `person` is, for the calendar of the operators.
    pub app: String,
    pub person: String,
    /// What it showed last, if it was ever read.
    pub shown: Option<ShownCalendar>,
}

impl Calendar {
    pub const fn is_of_operators(&self) -> bool {
        self.person.is_empty()
    }
}

/// Whose a calendar is, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCalendar {
    pub app: String,
    pub person: String,
    /// The person's name, if a token has it.
    pub name: Option<String>,
}

/// What a calendar showed, by which a change is recognized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownCalendar {
    pub sequence: u32,
    pub modified_at: Timestamp,
    /// Of the entries.
    pub digest: String,
    /// The next login of each person.
    pub logins: Vec<ShownLogin>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownLogin {
    pub app: String,
    pub person: String,
    pub by: Timestamp,
    /// Which login it is since the calendar began, from 1.
    pub round: u32,
}
