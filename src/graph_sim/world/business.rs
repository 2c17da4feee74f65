//! Businesses: who works there, and which pages they own or manage for clients.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::ids::Id;
use super::token::Token;
use super::{Grant, World, WorldError};

const BUSINESS_MANAGEMENT: &str = "business_management";

#[derive(Debug, Default)]
pub(crate) struct Business {
    pub(crate) name: String,
    people: BTreeSet<Id>,
    owned_pages: BTreeSet<Id>,
    client_pages: BTreeSet<Id>,
}

/// The relation of a page to a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenure {
    Owned,
    /// A client of the business owns the page.
    Client,
}

impl Business {
    pub(crate) const fn pages(&self, tenure: Tenure) -> &BTreeSet<Id> {
        match tenure {
            Tenure::Owned => &self.owned_pages,
            Tenure::Client => &self.client_pages,
        }
    }
}

impl World {
    pub fn add_business(&mut self, name: &str) -> String {
        let id = self.fresh_id(100_000_000_000_000..199_999_999_999_999);
        self.businesses.insert(
            id,
            Business {
                name: name.to_owned(),
                ..Business::default()
            },
        );
        id.to_string()
    }

    pub fn add_business_as(&mut self, id: &str, name: &str) -> Result<(), WorldError> {
        let id = self.free_id(id)?;
        self.businesses.insert(
            id,
            Business {
                name: name.to_owned(),
                ..Business::default()
            },
        );
        Ok(())
    }

    pub fn join_business(&mut self, person: &str, business: &str) -> Result<(), WorldError> {
        let person = self.person_id(person)?;
        self.business_mut(business)?.people.insert(person);
        Ok(())
    }

    pub fn put_page_in_business(
        &mut self,
        page: &str,
        business: &str,
        tenure: Tenure,
    ) -> Result<(), WorldError> {
        let page = self.page_id(page)?;
        let business = self.business_mut(business)?;
        match tenure {
            Tenure::Owned => business.owned_pages.insert(page),
            Tenure::Client => business.client_pages.insert(page),
        };
        Ok(())
    }

    pub(super) fn business_id(&self, id: &str) -> Result<Id, WorldError> {
        let known = id
            .parse()
            .ok()
            .filter(|id| self.businesses.contains_key(id));
        known.ok_or_else(|| WorldError::unknown("business", id))
    }

    fn business_mut(&mut self, id: &str) -> Result<&mut Business, WorldError> {
        let found = id
            .parse()
            .ok()
            .and_then(|id: Id| self.businesses.get_mut(&id));
        found.ok_or_else(|| WorldError::unknown("business", id))
    }

    /// Returns the business if the person works there.
    pub(crate) fn business_of(&self, person: Id, id: Id) -> Option<&Business> {
        let business = self.businesses.get(&id)?;
        business.people.contains(&person).then_some(business)
    }

    pub(crate) fn business_name(&self, id: Id) -> Option<&str> {
        self.businesses.get(&id).map(|known| known.name.as_str())
    }

    /// Returns the ids of the businesses for which the person works, in order.
    pub(crate) fn business_ids_of(
        &self,
        person: Id,
        bounds: (Bound<Id>, Bound<Id>),
    ) -> impl DoubleEndedIterator<Item = Id> {
        let all = self.businesses.range(bounds);
        all.filter(move |(_, business)| business.people.contains(&person))
            .map(|(id, _)| *id)
    }

    fn businesses_of(&self, person: Id) -> impl Iterator<Item = (Id, &Business)> {
        let all = self.businesses.iter().map(|(id, business)| (*id, business));
        all.filter(move |(_, business)| business.people.contains(&person))
    }

    /// Returns whether the token can access the page: the person selected it in the dialog, or a business has it.
    /// Programs find pages that people forgot to select through their business.
    pub(super) fn reaches(&self, grant: &Grant, token: &Token, page: Id) -> bool {
        grant.picked.contains(page)
            || token
                .live_scopes(grant)
                .any(|scope| scope == BUSINESS_MANAGEMENT)
                && self.businesses_of(token.subject).any(|(_, business)| {
                    business.owned_pages.contains(&page) || business.client_pages.contains(&page)
                })
    }
}
