//! Reads the answers to all calls except those to the debugger. Empty counts as missing, so an empty value is never
//! taken for a token.

use crate::model::Scopes;
use crate::secret::Secret;

use super::classify::{self, Role};
use super::credentials::is_presentable;
use super::transport::Answer;
use super::wire::{self, Account, Accounts, Granted, Named, Permissions, SubscribedApps};
use super::{Error, PageGrant, Permission, Profile};

/// One list of pages, and the cursor to the next list.
pub(super) struct SomePages {
    pub(super) pages: Vec<PageGrant>,
    pub(super) next: Option<String>,
}

pub(super) fn exchanged(answer: &Answer) -> Result<Secret, Error> {
    classify::assess(answer.status, &answer.body, Role::Exchanged)?;
    let granted: Granted<'_> = wire::parse(&answer.body)?;
    token(granted.access_token).ok_or_else(|| Error::senseless(answer.status))
}

pub(super) fn page_token(answer: &Answer, page: &str) -> Result<Option<Secret>, Error> {
    classify::assess(answer.status, &answer.body, Role::Caller)?;
    let granted: Granted<'_> = wire::parse(&answer.body)?;
    match granted.id.id() {
        Some(id) if id != page => Err(Error::senseless(answer.status)),
        Some(_) | None => Ok(token(granted.access_token)),
    }
}

pub(super) fn accounts(answer: &Answer) -> Result<SomePages, Error> {
    classify::assess(answer.status, &answer.body, Role::Caller)?;
    let Accounts { data, paging } = wire::parse(&answer.body)?;
    let pages: Option<_> = data.into_iter().map(page_grant).collect();
    let pages = pages.ok_or_else(|| Error::senseless(answer.status))?;
    let paging = paging.filter(|paging| paging.next.is_some());
    let next = match paging {
        None => None,
        // Meta announces more pages, so a missing cursor would lose them.
        Some(paging) => Some(
            paging
                .cursors
                .and_then(|cursors| cursors.after)
                .ok_or_else(|| Error::senseless(answer.status))?,
        ),
    };
    Ok(SomePages { pages, next })
}

pub(super) fn permissions(answer: &Answer) -> Result<Vec<Permission>, Error> {
    classify::assess(answer.status, &answer.body, Role::Caller)?;
    let Permissions { data } = wire::parse(&answer.body)?;
    let permission = |row: wire::PermissionRow| Permission {
        name: row.permission,
        status: row.status,
    };
    Ok(data.into_iter().map(permission).collect())
}

/// Returns the webhook fields to which the app is subscribed; none if it is not subscribed.
pub(super) fn subscribed_fields(answer: &Answer, app: &str) -> Result<Scopes, Error> {
    classify::assess(answer.status, &answer.body, Role::Caller)?;
    let SubscribedApps { data, paging } = wire::parse(&answer.body)?;
    let mut entries = data.into_iter();
    let own = entries.find_map(|entry| {
        let is_own = entry.id.id().is_some_and(|id| id == app);
        is_own.then_some(entry.subscribed_fields)
    });
    match own {
        Some(fields) => Ok(fields.into_iter().collect()),
        None if paging.is_some_and(|paging| paging.next.is_some()) => {
            Err(Error::senseless(answer.status))
        }
        None => Ok(Scopes::default()),
    }
}

pub(super) fn profile(answer: &Answer) -> Result<Profile, Error> {
    classify::assess(answer.status, &answer.body, Role::Caller)?;
    let Named { id, name } = wire::parse(&answer.body)?;
    let id = id.id().ok_or_else(|| Error::senseless(answer.status))?;
    Ok(Profile {
        id: id.into_owned(),
        name: name.unwrap_or_default(),
    })
}

fn page_grant(account: Account<'_>) -> Option<PageGrant> {
    Some(PageGrant {
        id: account.id.id()?.into_owned(),
        name: account.name.unwrap_or_default(),
        token: token(account.access_token),
        tasks: account.tasks.unwrap_or_default(),
    })
}

fn token(granted: Option<Secret>) -> Option<Secret> {
    granted.filter(is_presentable)
}
