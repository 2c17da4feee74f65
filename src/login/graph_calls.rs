//! The Graph API calls of a login, and their cost.

use jiff::Timestamp;

use super::{App, policy};
use crate::graph_api::{self, Budget, Error, Inspection, PageFields, Session, Usage};
use crate::inventory::{self, Tx};
use crate::model::{Ending, Facts, LoginError, PageList, Scopes};
use crate::secret::Secret;

/// What a login granted, as confirmed by Meta.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) secret: Secret,
    pub(super) facts: Facts,
    pub(super) name: Option<String>,
    pub(super) declined: Vec<String>,
    /// All of the person's pages. `None` if they could not be listed, or if the token may be only short-lived.
    pub(super) pages: Option<PageList>,
}

impl Grant {
    /// When the token ends, if Meta does not say so again.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        let once = self.facts.kind.is_described_once();
        self.facts.expires_at.at().filter(|_| once)
    }
}

pub(super) async fn redeem(
    session: &Session<'_>,
    code: &Secret,
    redirect_uri: Option<&str>,
) -> Result<graph_api::Grant, Ending> {
    session
        .count(session.client.redeem(code, redirect_uri).await)
        .map_err(|error| failed("the code could not be exchanged", &error))
}

pub(super) async fn facts(
    session: &Session<'_>,
    granted: &graph_api::Grant,
) -> Result<Facts, Ending> {
    match session.inspect_new(granted).await {
        Ok(Inspection::Alive(facts)) => Ok(facts),
        Ok(Inspection::Refused { rejection, .. }) => Err(Ending::Failed {
            why: LoginError::Unusable,
            code: Some(rejection.meta.code),
        }),
        Ok(Inspection::Undecided(error)) | Err(error) => {
            Err(failed("the new token could not be checked", &error))
        }
    }
}

pub(super) async fn name(session: &Session<'_>, secret: &Secret) -> Option<String> {
    let profile = session.count(session.client.me(secret).await);
    profile.ok().map(|profile| profile.name)
}

/// Fetches a long-lived token, if possible, and what it reaches. The sweeps learn later what is missing now: they also
/// exchange a token that stayed short-lived before it is put in use.
pub(super) async fn collect(
    session: &Session<'_>,
    app: &App,
    secret: Secret,
    facts: Facts,
) -> Grant {
    let granted = facts.scopes.clone();
    let (secret, facts) = session.lengthened(secret, facts).await;
    let pages = if facts.is_known_to_last(session.now) && facts.may_list_pages() {
        pages(session, &secret).await
    } else {
        None
    };
    Grant {
        name: name(session, &secret).await,
        declined: declined(session, app, &secret, (&facts, granted.as_ref())).await,
        pages,
        secret,
        facts,
    }
}

async fn pages(session: &Session<'_>, secret: &Secret) -> Option<PageList> {
    let pages = session.count(
        session
            .client
            .accounts(secret, PageFields::NamesAndTokens)
            .await,
    );
    pages
        .inspect_err(|error| {
            tracing::warn!("the pages of a person who logged in could not be listed: {error}");
        })
        .ok()
}

/// The requested permissions that were not granted: as Meta lists them, or where it keeps no list, as the answer to the
/// login's code has them.
async fn declined(
    session: &Session<'_>,
    app: &App,
    secret: &Secret,
    (facts, granted): (&Facts, Option<&Scopes>),
) -> Vec<String> {
    if facts.kind.is_described_once() {
        return policy::not_granted(app, granted);
    }
    let reported = session.client.permissions(&facts.person, secret).await;
    policy::declined(app, &session.count(reported).unwrap_or_default())
}

fn failed(what: &str, error: &Error) -> Ending {
    tracing::warn!("a login failed: {what}: {error}");
    policy::ending_of(error)
}

/// Counts the calls of a login against the budget of its app.
pub(super) fn spend(
    tx: &Tx<'_>,
    app: &str,
    usage: &Usage,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let mut record = tx.app(app)?;
    let mut budget: Budget = serde_json::from_str(&record.budget).unwrap_or_default();
    for news in budget.spend(usage, now) {
        tracing::warn!(app, "app {app}: {news}");
    }
    record.budget = serde_json::to_string(&budget).unwrap_or_default();
    tx.store_app(&record, usage.calls, now)
}
