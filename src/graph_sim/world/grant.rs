//! What a person allows an app: permissions, pages, and data access until a certain day.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::ids::{AppKey, Id};
use super::scopes::{Permission, Permissions};
use super::{World, WorldError, later};

/// Data access expires 90 days after the last login. Only another login extends it; an exchange does not (two recorded
/// answers of one session differ only in this time).
pub(super) const DATA_ACCESS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The pages that the person selected in the dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PageSelection {
    /// All pages of the person, including future ones; Meta then lists no `target_ids`.
    #[default]
    All,
    Only(BTreeSet<String>),
}

impl PageSelection {
    pub fn only<S: Into<String>>(pages: impl IntoIterator<Item = S>) -> Self {
        Self::Only(pages.into_iter().map(Into::into).collect())
    }
}

/// A validated [`PageSelection`]: all its pages exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Picked {
    All,
    Only(BTreeSet<Id>),
}

impl Picked {
    pub(crate) fn contains(&self, page: Id) -> bool {
        match self {
            Self::All => true,
            Self::Only(pages) => pages.contains(&page),
        }
    }

    pub(crate) const fn listed(&self) -> Option<&BTreeSet<Id>> {
        match self {
            Self::All => None,
            Self::Only(pages) => Some(pages),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Grant {
    pub(super) status: Authorization,
    /// Counts removals of the app; tokens with an earlier count stay dead after a new login.
    pub(super) epoch: u32,
    pub(crate) permissions: Permissions,
    pub(crate) picked: Picked,
    /// The WhatsApp accounts that a business shares. `None` if it did not limit them.
    pub(crate) whatsapp_accounts: Option<BTreeSet<Id>>,
    pub(super) logged_in_at: Timestamp,
    /// `None` for system users, whose data access does not expire.
    pub(crate) data_access_expires_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authorization {
    Given,
    Removed,
}

impl Grant {
    pub(super) fn new(now: Timestamp, data_access_expires_at: Option<Timestamp>) -> Self {
        Self {
            status: Authorization::Given,
            epoch: 0,
            permissions: Permissions::new(),
            picked: Picked::All,
            whatsapp_accounts: None,
            logged_in_at: now,
            data_access_expires_at,
        }
    }

    pub(crate) fn allows(&self, scope: &str) -> bool {
        self.permissions.get(scope) == Some(&Permission::Granted)
    }

    pub(super) fn granted(&self) -> impl Iterator<Item = &str> {
        let all = self.permissions.iter();
        all.filter(|(_, permission)| **permission == Permission::Granted)
            .map(|(scope, _)| scope.as_ref())
    }

    /// Records the answers of a login and returns the permissions that were not granted before.
    pub(super) fn record(&mut self, granted: Vec<String>, declined: Vec<String>) -> Vec<String> {
        for scope in declined {
            self.permissions.insert(scope.into(), Permission::Declined);
        }
        let mut granted = granted;
        granted.retain(|scope| {
            let before = self
                .permissions
                .insert(scope.as_str().into(), Permission::Granted);
            before != Some(Permission::Granted)
        });
        granted
    }

    pub(super) fn renew_data_access(&mut self, now: Timestamp) {
        self.data_access_expires_at = Some(later(now, DATA_ACCESS));
    }
}

impl World {
    pub(crate) fn grant(&self, app: AppKey, person: Id) -> Option<&Grant> {
        self.grants.get(&(app, person))
    }

    pub(super) fn picked(&self, selection: &PageSelection) -> Result<Picked, WorldError> {
        match selection {
            PageSelection::All => Ok(Picked::All),
            PageSelection::Only(pages) => {
                let pages = pages.iter().map(|page| self.page_id(page));
                pages.collect::<Result<_, _>>().map(Picked::Only)
            }
        }
    }

    pub(super) fn grant_mut(&mut self, app: &str, person: &str) -> Result<&mut Grant, WorldError> {
        let key = (self.app_key(app)?, self.person_id(person)?);
        self.grants
            .get_mut(&key)
            .ok_or_else(|| WorldError::unknown("login of person", person))
    }
}
