//! What the checks of one sweep share: the inventory, the Graph client and one call budget.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::Rules;
use super::policy::{self, ClockTrust, InspectionResult};
use crate::graph_api::{Client, Error, Inspection, PageGrant, Profile, Session};
use crate::inventory::{self, Inventory};
use crate::model::{Kind, Scopes, State, Token, TokenId};
use crate::secret::Secret;

pub(super) struct SweepContext<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) session: Session<'a>,
    pub(super) rules: &'a Rules,
    pub(super) now: Timestamp,
    findings: Mutex<Findings>,
}

#[derive(Default)]
struct Findings {
    /// Parents that Meta refuses in this sweep, so that they are not tried again for each of 10,000 pages.
    unusable: HashSet<TokenId>,
    aborted: bool,
}

/// Why an exchange returned no token, and whether Meta certainly did not make it.
#[derive(Debug)]
pub(super) struct NoExchange {
    pub(super) error: Error,
    pub(super) was_not_made: bool,
}

/// The number of parents, or of other tokens of one person, that are tried for one token.
const PARENTS: usize = 3;

impl<'a> SweepContext<'a> {
    pub(super) fn new(
        inventory: &'a Inventory,
        graph: &'a Client,
        rules: &'a Rules,
        allowance: u32,
        now: Timestamp,
    ) -> Self {
        Self {
            inventory,
            session: Session::new(graph, allowance, now),
            rules,
            now,
            findings: Mutex::default(),
        }
    }

    fn findings(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops further calls for the rest of the sweep, because the app is failing.
    pub(super) fn abort_sweep(&self) {
        self.findings().aborted = true;
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.findings().aborted
    }

    /// Whether `now` can be trusted, judging by the times in Meta's answers of this sweep.
    pub(super) fn clock_trust(&self) -> ClockTrust {
        policy::clock_trust(self.session.skew())
    }

    /// The earlier of both clocks, so that a clock that is far ahead does not renew tokens that expire months later.
    pub(super) fn now_for_ends(&self) -> Timestamp {
        let skew = self.session.skew();
        let behind = skew.filter(|skew| -*skew > policy::LARGEST_SKEW);
        let earlier = behind.and_then(|skew| self.now.checked_add(skew).ok());
        earlier.unwrap_or(self.now)
    }

    pub(super) async fn inspect_all(&self, secrets: &[Secret]) -> Vec<InspectionResult> {
        self.session.count(self.session.client.debug(secrets).await)
    }

    pub(super) async fn confirm_app(&self) -> Result<(), Error> {
        self.session.count(self.session.client.confirm_app().await)
    }

    pub(super) async fn exchange(&self, kind: Kind, secret: &Secret) -> Result<Secret, NoExchange> {
        let reply = self.session.client.exchange(kind, secret).await;
        let calls = reply.usage.calls;
        self.session.count(reply).map_err(|error| NoExchange {
            was_not_made: policy::was_not_made(&error, calls),
            error,
        })
    }

    pub(super) async fn accounts(&self, user: &Secret) -> Result<Vec<PageGrant>, Error> {
        self.session.count(self.session.client.accounts(user).await)
    }

    pub(super) async fn me(&self, secret: &Secret) -> Result<Profile, Error> {
        self.session.count(self.session.client.me(secret).await)
    }

    /// Derives the page's token through one parent. A parent that Meta refuses is not tried again in this sweep.
    pub(super) async fn derive(
        &self,
        parent: TokenId,
        through: &Secret,
        page: &str,
    ) -> Result<Option<Secret>, Error> {
        let derived = self
            .session
            .count(self.session.client.page_token(through, page).await);
        if let Err(Error::Refused(_)) = derived {
            self.mark_unusable(parent);
        }
        derived
    }

    pub(super) fn mark_unusable(&self, parent: TokenId) {
        self.findings().unusable.insert(parent);
    }

    /// The configured webhook fields that the page is not subscribed to.
    pub(super) async fn unsubscribed(&self, page: &str, secret: &Secret) -> Result<Scopes, Error> {
        let notified = self
            .session
            .count(self.session.client.subscribed_fields(page, secret).await);
        Ok(self.rules.subscribed_fields.without(&notified?))
    }

    /// Whether Meta ended this token alone: true if another token of the same person is alive, or if there is none to
    /// ask about.
    pub(super) async fn is_only_ending(&self, token: &Token) -> Result<bool, inventory::Error> {
        let (of, unusable) = (token.clone(), self.findings().unusable.clone());
        let related_tokens = self.inventory.read(move |view| {
            let (living, any) = view.related_tokens(&of, PARENTS)?;
            let mut secrets = Vec::new();
            for id in living.into_iter().filter(|id| !unusable.contains(id)) {
                let Some(related_tokens) = view.token(id)? else {
                    continue;
                };
                let reading = match view.secret_of(&related_tokens) {
                    Err(inventory::Error::Unsealable(_)) => continue,
                    reading => reading?,
                };
                secrets.extend(reading.map(|reading| (id, reading.secret)));
            }
            Ok((secrets, any))
        });
        let (living, any) = related_tokens.await?;
        if !any {
            return Ok(true);
        }
        for (id, secret) in living {
            if !self.session.may_call() {
                return Ok(false);
            }
            match self.session.inspect(&secret).await {
                Ok(Inspection::Alive(_)) => return Ok(true),
                Ok(Inspection::Refused { .. }) => self.mark_unusable(id),
                Ok(Inspection::Undecided(_)) | Err(_) => return Ok(false),
            }
        }
        Ok(false)
    }

    /// The living parents through which the page's token may be derived, with their secrets.
    pub(super) async fn parents_of(
        &self,
        page: &Token,
    ) -> Result<Vec<(TokenId, String, Secret)>, inventory::Error> {
        let page = page.clone();
        let unusable = self.findings().unusable.clone();
        self.inventory
            .read(move |view| {
                let mut parents = Vec::new();
                for id in view.possible_parents(&page, PARENTS)? {
                    let Some(parent) = view.token(id)?.filter(|_| !unusable.contains(&id)) else {
                        continue;
                    };
                    let reading = match view.secret_of(&parent) {
                        Err(inventory::Error::Unsealable(_)) => continue,
                        reading => reading?,
                    };
                    let living = reading.filter(|reading| reading.state != State::Dead);
                    parents.extend(living.map(|reading| (id, parent.name, reading.secret)));
                }
                Ok(parents)
            })
            .await
    }

    /// Records the attempt durably, before the call is made.
    pub(super) async fn begin_rotation(&self, token: &Token) -> Result<(), inventory::Error> {
        let (token, now) = (token.clone(), self.now);
        self.inventory
            .write(move |tx| tx.begin_rotation(&token, now))
            .await
    }

    /// Removes the record of an attempt that Meta certainly did not make.
    pub(super) async fn undo_rotation(
        &self,
        token: &Token,
        tried_before: Option<Timestamp>,
    ) -> Result<(), inventory::Error> {
        let token = token.clone();
        self.inventory
            .write(move |tx| tx.undo_rotation(&token, tried_before))
            .await
    }
}
