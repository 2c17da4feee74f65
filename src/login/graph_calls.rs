//! The Graph API calls of a login, and their cost.

use jiff::Timestamp;

use super::{App, policy};
use crate::graph_api::{Budget, Client, Error, Inspection, PageGrant, Reply, Usage};
use crate::inventory::{self, Tx};
use crate::model::{Ending, Facts, LoginError};
use crate::secret::Secret;

pub(super) struct Call<'a> {
    graph: &'a Client,
    usage: Usage,
}

/// What a login granted, as confirmed by Meta.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) secret: Secret,
    pub(super) facts: Facts,
    pub(super) name: Option<String>,
    pub(super) declined: Vec<String>,
    /// All of the person's pages. `None` if they could not be listed, or if the token is only short-lived.
    pub(super) pages: Option<Vec<PageGrant>>,
}

impl<'a> Call<'a> {
    pub(super) fn new(graph: &'a Client) -> Self {
        Self {
            graph,
            usage: Usage::default(),
        }
    }

    pub(super) fn usage(self) -> Usage {
        self.usage
    }

    fn enter<T>(&mut self, reply: Reply<T>) -> T {
        self.usage.absorb(reply.usage);
        reply.answer
    }

    pub(super) async fn redeem(
        &mut self,
        code: &Secret,
        redirect_uri: &str,
    ) -> Result<Secret, Ending> {
        let reply = self.graph.redeem(code, redirect_uri).await;
        self.enter(reply)
            .map_err(|error| failed("the code could not be exchanged", &error))
    }

    pub(super) async fn facts(&mut self, secret: &Secret) -> Result<Facts, Ending> {
        match self.inspect(secret).await {
            Ok(Inspection::Alive(facts)) => Ok(facts),
            Ok(Inspection::Refused { rejection, .. }) => Err(Ending::Failed {
                why: LoginError::Unusable,
                code: Some(rejection.code),
            }),
            Ok(Inspection::Undecided(error)) | Err(error) => {
                Err(failed("the new token could not be checked", &error))
            }
        }
    }

    async fn inspect(&mut self, secret: &Secret) -> Result<Inspection, Error> {
        let reply = self.graph.debug(std::slice::from_ref(secret)).await;
        let inspections = self.enter(reply);
        let no_answer = || Err(Error::Unreachable("no answer".into()));
        inspections.into_iter().next().unwrap_or_else(no_answer)
    }

    pub(super) async fn name(&mut self, secret: &Secret) -> Option<String> {
        let reply = self.graph.me(secret).await;
        self.enter(reply).ok().map(|profile| profile.name)
    }

    /// Fetches a long-lived token, if possible, and what it reaches. The sweeps learn later what is missing now.
    pub(super) async fn collect(
        &mut self,
        app: &App,
        secret: Secret,
        facts: Facts,
        now: Timestamp,
    ) -> Result<Grant, Ending> {
        let (secret, facts) = self.lengthened(secret, facts, now).await;
        let lasts = !facts.is_short_lived(now);
        let pages = if lasts && facts.may_list_pages() {
            self.pages(&secret).await
        } else {
            None
        };
        Ok(Grant {
            name: self.name(&secret).await,
            declined: self.declined(app, &secret, &facts).await,
            pages,
            secret,
            facts,
        })
    }

    /// Exchanges a short-lived token. If that fails, the short-lived one is kept; a sweep exchanges it before it is put
    /// in use.
    async fn lengthened(
        &mut self,
        secret: Secret,
        facts: Facts,
        now: Timestamp,
    ) -> (Secret, Facts) {
        if !facts.is_short_lived(now) {
            return (secret, facts);
        }
        let reply = self.graph.exchange(facts.kind, &secret).await;
        let Ok(longer) = self.enter(reply) else {
            return (secret, facts);
        };
        match self.inspect(&longer).await {
            Ok(Inspection::Alive(longer_facts)) if longer_facts.person == facts.person => {
                (longer, longer_facts)
            }
            Ok(_) | Err(_) => (secret, facts),
        }
    }

    async fn pages(&mut self, secret: &Secret) -> Option<Vec<PageGrant>> {
        let reply = self.graph.accounts(secret).await;
        match self.enter(reply) {
            Ok(pages) => Some(pages),
            Err(error) => {
                tracing::warn!("the pages of a person who logged in could not be listed: {error}");
                None
            }
        }
    }

    async fn declined(&mut self, app: &App, secret: &Secret, facts: &Facts) -> Vec<String> {
        let reply = self.graph.permissions(&facts.person, secret).await;
        let reported = self.enter(reply).unwrap_or_default();
        policy::declined(app, &reported)
    }
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
    budget.spend(usage, now);
    record.budget = serde_json::to_string(&budget).unwrap_or_default();
    tx.store_app(&record, now)
}
