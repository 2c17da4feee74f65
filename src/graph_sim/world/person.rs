//! People, system users, pages, and their roles.

use std::collections::BTreeMap;

use super::answer_style::RefreshRefusal;
use super::exchange::Reexchange;
use super::ids::{AppKey, Id};
use super::{World, WorldError};

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) nature: Nature,
    pub(super) status: AccountStatus,
    pub(crate) roles: BTreeMap<Id, Tasks>,
    pub(super) reexchange: Option<Reexchange>,
    /// Why no token of the person is refreshed any more.
    pub(super) refresh_refusal: Option<RefreshRefusal>,
    /// Counts password changes; tokens with an earlier count are dead.
    pub(super) sessions: u32,
}

/// A system user is a person without a password, which a business created for one app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Human,
    SystemUser { app: AppKey },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountStatus {
    Good,
    Checkpointed,
    Unconfirmed,
}

/// What a role on a page allows, in Meta's terms.
pub(crate) type Tasks = &'static [&'static str];

const ADMIN: Tasks = &[
    "ADVERTISE",
    "ANALYZE",
    "CREATE_CONTENT",
    "MESSAGING",
    "MODERATE",
    "MANAGE",
];

#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) name: String,
    pub(crate) visibility: Visibility,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    Published,
    /// Unpublished or deleted: calls answer as if the page had never existed.
    Gone,
}

impl World {
    pub fn add_person(&mut self, name: &str) -> String {
        let id = self.fresh_id(10_150_000_000_000_000..10_240_000_000_000_000);
        self.put_person(id, name, Nature::Human);
        id.to_string()
    }

    /// Adds a system user of the business that owns `app`, with the app installed.
    pub fn add_system_user(&mut self, app: &str, name: &str) -> Result<String, WorldError> {
        let app = self.app_key(app)?;
        let id = self.fresh_id(100_000_000_000_000..199_999_999_999_999);
        self.put_person(id, name, Nature::SystemUser { app });
        Ok(id.to_string())
    }

    pub fn add_page(&mut self, name: &str) -> String {
        let id = self.fresh_id(200_000_000_000_000..999_999_999_999_999);
        self.put_page(id, name);
        id.to_string()
    }

    /// Makes the person (or system user) an administrator of the page.
    pub fn give_role(&mut self, person: &str, page: &str) -> Result<(), WorldError> {
        let page = self.page_id(page)?;
        self.person_mut(person)?.roles.insert(page, ADMIN);
        Ok(())
    }

    /// Ends the person's page tokens for this page, and no others.
    pub fn take_role(&mut self, person: &str, page: &str) -> Result<(), WorldError> {
        let page = self.page_id(page)?;
        self.person_mut(person)?.roles.remove(&page);
        Ok(())
    }

    /// Adds a person with an id chosen by the caller, as in world files.
    pub fn add_person_as(&mut self, id: &str, name: &str) -> Result<(), WorldError> {
        let id = self.free_id(id)?;
        self.put_person(id, name, Nature::Human);
        Ok(())
    }

    pub fn add_page_as(&mut self, id: &str, name: &str) -> Result<(), WorldError> {
        let id = self.free_id(id)?;
        self.put_page(id, name);
        Ok(())
    }

    pub(super) fn free_id(&self, id: &str) -> Result<Id, WorldError> {
        let free = id.parse().ok().filter(|id| !self.is_in_use(*id));
        free.ok_or_else(|| WorldError::BadId(id.to_owned()))
    }

    /// Returns all people except system users, by id.
    pub(crate) fn humans(&self) -> impl Iterator<Item = (Id, &Person)> {
        let people = self.people.iter().map(|(id, person)| (*id, person));
        people.filter(|(_, person)| person.nature == Nature::Human)
    }

    pub(super) fn put_person(&mut self, id: Id, name: &str, nature: Nature) {
        let person = Person {
            name: name.to_owned(),
            nature,
            status: AccountStatus::Good,
            roles: BTreeMap::new(),
            reexchange: None,
            refresh_refusal: None,
            sessions: 0,
        };
        self.people.insert(id, person);
    }

    pub(super) fn put_page(&mut self, id: Id, name: &str) {
        let page = Page {
            name: name.to_owned(),
            visibility: Visibility::Published,
        };
        self.pages.insert(id, page);
    }

    pub(crate) fn person_id(&self, id: &str) -> Result<Id, WorldError> {
        let known = id.parse().ok().filter(|id| self.people.contains_key(id));
        known.ok_or_else(|| WorldError::unknown("person", id))
    }

    pub(crate) fn page_id(&self, id: &str) -> Result<Id, WorldError> {
        let known = id.parse().ok().filter(|id| self.pages.contains_key(id));
        known.ok_or_else(|| WorldError::unknown("page", id))
    }

    pub(crate) fn person(&self, id: Id) -> &Person {
        &self.people[&id]
    }

    pub(super) fn person_mut(&mut self, id: &str) -> Result<&mut Person, WorldError> {
        let found = id.parse().ok().and_then(|id: Id| self.people.get_mut(&id));
        found.ok_or_else(|| WorldError::unknown("person", id))
    }

    pub(crate) fn page(&self, id: Id) -> Option<&Page> {
        self.pages
            .get(&id)
            .filter(|page| page.visibility == Visibility::Published)
    }
}
