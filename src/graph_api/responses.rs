//! Reads the answers to all calls except those to the debugger. Empty counts as missing, so an empty value is never
//! taken for a token.

use serde::Deserialize;

use crate::model::{PageList, Scopes};
use crate::secret::Secret;

use super::classify::{self, Role};
use super::credentials::is_presentable;
use super::transport::Answer;
use super::wire::{self, List, Node, Paging, SubscribedApp};
use super::{Error, Permission, Profile};

/// One list of pages, and the cursor to the next list.
pub(super) struct SomePages {
    pub(super) pages: PageList,
    pub(super) next: Option<String>,
}

pub(super) fn page_token(answer: &Answer, page: &str) -> Result<Option<Secret>, Error> {
    let granted: Node<'_> = parsed(answer, Role::Caller)?;
    match granted.id.id() {
        Some(id) if id != page => Err(Error::senseless(answer.status)),
        Some(_) | None => Ok(token(granted.access_token)),
    }
}

pub(super) fn accounts(answer: &Answer) -> Result<SomePages, Error> {
    let List { data, paging } = parsed(answer, Role::Caller)?;
    let senseless = || Error::senseless(answer.status);
    let mut pages = PageList::default();
    for page in data {
        add_page(&mut pages, page).ok_or_else(senseless)?;
    }
    // Meta announces more pages, so a missing cursor would lose them.
    let next = paging
        .filter(Paging::has_more)
        .map(|paging| paging.cursors?.after)
        .map(|after| after.ok_or_else(senseless));
    Ok(SomePages {
        pages,
        next: next.transpose()?,
    })
}

pub(super) fn permissions(answer: &Answer) -> Result<Vec<Permission>, Error> {
    let List { data, .. } = parsed(answer, Role::Caller)?;
    Ok(data)
}

/// Returns the webhook fields to which the app is subscribed; none if it is not subscribed.
pub(super) fn subscribed_fields(answer: &Answer, app: &str) -> Result<Scopes, Error> {
    let List { data, paging } = parsed(answer, Role::Caller)?;
    let mut entries = data.into_iter();
    let own = entries.find_map(|entry: SubscribedApp<'_>| {
        let is_own = entry.id.id().is_some_and(|id| id == app);
        is_own.then_some(entry.subscribed_fields)
    });
    match own {
        Some(fields) => Ok(fields.into_iter().collect()),
        None if paging.as_ref().is_some_and(Paging::has_more) => {
            Err(Error::senseless(answer.status))
        }
        None => Ok(Scopes::default()),
    }
}

pub(super) fn profile(answer: &Answer) -> Result<Profile, Error> {
    let node: Node<'_> = parsed(answer, Role::Caller)?;
    let id = node
        .id
        .id()
        .ok_or_else(|| Error::senseless(answer.status))?;
    Ok(Profile {
        id: id.into_owned(),
        name: storable(node.name.or(node.username)),
    })
}

/// Reads an answer that is no error.
fn parsed<'a, T: Deserialize<'a>>(answer: &'a Answer, role: Role) -> Result<T, Error> {
    classify::assess(answer.status, &answer.body, role)?;
    wire::parse(&answer.body)
}

/// `None` if the page has no id.
fn add_page(pages: &mut PageList, page: Node<'_>) -> Option<()> {
    let (id, name) = (page.id.id()?, storable(page.name));
    pages.push(&id, &name, token(page.access_token));
    Some(())
}

/// A name as the inventory stores it, so that it does not seem to change with each check.
fn storable(name: Option<String>) -> String {
    name.unwrap_or_default().replace('\0', "\u{FFFD}")
}

fn token(granted: Option<Secret>) -> Option<Secret> {
    granted.filter(is_presentable)
}
