//! The tokens of a simulation, class by class, and the login that they wait for.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::forecast::timeline::{ClassIndex, Login};
use crate::model::{Kind, Remedy};
use crate::rotation::policy::Course;

/// A class of tokens, as time goes on.
#[derive(Debug)]
pub(in crate::forecast) struct Member {
    pub(super) course: Course,
    pub(super) count: u64,
    pub(super) has_other_admin: bool,
    pub(super) next_step: Option<Timestamp>,
    /// The incident that it belongs to, and whether it has no problem itself yet.
    pub(super) case: Option<usize>,
    pub(super) is_ahead: bool,
    /// One of its clocks has ended, and nobody has logged in since.
    pub(super) has_lapsed: bool,
    /// Since when it is checked regularly.
    pub(super) checked_since: Option<Timestamp>,
}

/// A login that is due.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) by: Timestamp,
    pub(super) members: BTreeSet<ClassIndex>,
}

impl Member {
    pub(in crate::forecast) const fn new(
        course: Course,
        count: u64,
        has_other_admin: bool,
    ) -> Self {
        Self {
            course,
            count,
            has_other_admin,
            next_step: None,
            case: None,
            is_ahead: false,
            has_lapsed: false,
            checked_since: None,
        }
    }

    pub(super) fn is_renewed_by_login(&self) -> bool {
        let token = self.course.token();
        token.remedy().is_none_or(is_login)
    }

    /// A person's or system user's own token, not a page's.
    pub(super) fn is_own(&self) -> bool {
        let facts = self.course.token().facts.as_ref();
        facts.is_some_and(|facts| matches!(facts.kind, Kind::User | Kind::SystemUser))
    }
}

pub(super) const fn is_login(remedy: Remedy) -> bool {
    matches!(
        remedy,
        Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions
    )
}

impl Due {
    pub(super) fn login(&self) -> Login {
        Login {
            by: self.by,
            classes: self.members.iter().copied().collect(),
        }
    }
}

pub(super) fn class_index(at: usize) -> ClassIndex {
    ClassIndex::try_from(at).unwrap_or(ClassIndex::MAX)
}
