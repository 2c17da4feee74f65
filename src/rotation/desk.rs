//! What a visit has at hand: the inventory, Meta, and a purse of calls that all visits of a pass share.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::Rules;
use super::policy::{self, ClockTrust, Look};
use crate::graph_api::{Client, Error, Inspection, PageGrant, Profile, Reply, Usage};
use crate::inventory::{self, Inventory};
use crate::secret::Secret;
use crate::token::{Kind, Scopes, State, Token, TokenId};

pub(super) struct Desk<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) graph: &'a Client,
    pub(super) rules: &'a Rules,
    pub(super) now: Timestamp,
    /// How many calls this pass may make in all.
    pub(super) allowance: u32,
    /// When `now` was, by a clock that never jumps.
    began: Instant,
    ledger: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    usage: Usage,
    calls: u32,
    /// Parents through which nothing can be had in this pass; asking each of 10,000 pages again would be waste.
    unfit: HashSet<TokenId>,
    called_off: bool,
    /// How far Meta's clock was ahead of ours when it answered last.
    skew: Option<SignedDuration>,
}

/// Why an exchange gave no token, and whether it is certain that there was none.
#[derive(Debug)]
pub(super) struct NoExchange {
    pub(super) error: Error,
    pub(super) was_not_made: bool,
}

/// How many people are asked for one page before it is given up.
const PARENTS: usize = 3;

impl<'a> Desk<'a> {
    pub(super) fn new(
        inventory: &'a Inventory,
        graph: &'a Client,
        rules: &'a Rules,
        allowance: u32,
        now: Timestamp,
    ) -> Self {
        Self {
            inventory,
            graph,
            rules,
            now,
            allowance,
            began: Instant::now(),
            ledger: Mutex::default(),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was spent since this was asked last.
    pub(super) fn take_usage(&self) -> Usage {
        std::mem::take(&mut self.ledger().usage)
    }

    pub(super) fn may_call(&self) -> bool {
        self.ledger().calls < self.allowance
    }

    /// No use in asking on: the app is in trouble.
    pub(super) fn call_off(&self) {
        self.ledger().called_off = true;
    }

    pub(super) fn is_called_off(&self) -> bool {
        self.ledger().called_off
    }

    /// Whether the clock that told `now` can be believed, by what Meta's answers have said in this pass.
    pub(super) fn clock_trust(&self) -> ClockTrust {
        policy::clock_trust(self.ledger().skew)
    }

    /// A clock that is ahead must not renew whatever ends within months: the earlier of both clocks says what is due.
    pub(super) fn now_for_ends(&self) -> Timestamp {
        let skew = self.ledger().skew.filter(|skew| -*skew > policy::ASTRAY);
        let earlier = skew.and_then(|skew| self.now.checked_add(skew).ok());
        earlier.unwrap_or(self.now)
    }

    fn enter<T>(&self, reply: Reply<T>) -> T {
        let mut ledger = self.ledger();
        if let Some(at_meta) = reply.usage.served_at {
            let passed = SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
            ledger.skew = Some(at_meta.duration_since(self.now) - passed);
        }
        ledger.calls = ledger.calls.saturating_add(reply.usage.calls);
        ledger.usage.absorb(reply.usage);
        reply.answer
    }

    pub(super) async fn look_at(&self, secrets: &[Secret]) -> Vec<Look> {
        self.enter(self.graph.debug(secrets).await)
    }

    pub(super) async fn look(&self, secret: &Secret) -> Look {
        let looks = self.look_at(std::slice::from_ref(secret)).await;
        looks
            .into_iter()
            .next()
            .unwrap_or_else(|| Err(Error::Unreachable("no answer".into())))
    }

    pub(super) async fn confirm_app(&self) -> Result<(), Error> {
        self.enter(self.graph.confirm_app().await)
    }

    pub(super) async fn exchange(&self, kind: Kind, secret: &Secret) -> Result<Secret, NoExchange> {
        let reply = self.graph.exchange(kind, secret).await;
        let calls = reply.usage.calls;
        self.enter(reply).map_err(|error| NoExchange {
            was_not_made: policy::was_not_made(&error, calls),
            error,
        })
    }

    pub(super) async fn accounts(&self, user: &Secret) -> Result<Vec<PageGrant>, Error> {
        self.enter(self.graph.accounts(user).await)
    }

    pub(super) async fn me(&self, secret: &Secret) -> Result<Profile, Error> {
        self.enter(self.graph.me(secret).await)
    }

    /// The page's token through one parent; a parent that Meta refuses is not asked again in this pass.
    pub(super) async fn derive(
        &self,
        parent: TokenId,
        through: &Secret,
        page: &str,
    ) -> Result<Option<Secret>, Error> {
        let derived = self.enter(self.graph.page_token(through, page).await);
        if let Err(Error::Refused(_)) = derived {
            self.is_unfit(parent);
        }
        derived
    }

    pub(super) fn is_unfit(&self, parent: TokenId) {
        self.ledger().unfit.insert(parent);
    }

    /// Of what the operator wants, the fields that the page does not tell the app of.
    pub(super) async fn unsubscribed(&self, page: &str, secret: &Secret) -> Result<Scopes, Error> {
        let told = self.enter(self.graph.subscribed_fields(page, secret).await);
        Ok(self.rules.subscribed_fields.without(&told?))
    }

    /// Is it this token alone that Meta ended? It is when another of the same person lives, or when there is none to ask.
    pub(super) async fn is_ended_alone(&self, token: &Token) -> Result<bool, inventory::Error> {
        let (of, unfit) = (token.clone(), self.ledger().unfit.clone());
        let kin = self.inventory.read(move |view| {
            let (living, any) = view.kin(&of, PARENTS)?;
            let mut secrets = Vec::new();
            for id in living.into_iter().filter(|id| !unfit.contains(id)) {
                let Some(kin) = view.token(id)? else { continue };
                let reading = match view.secret_of(&kin) {
                    Err(inventory::Error::Unsealable(_)) => continue,
                    reading => reading?,
                };
                secrets.extend(reading.map(|reading| (id, reading.secret)));
            }
            Ok((secrets, any))
        });
        let (living, any) = kin.await?;
        if !any {
            return Ok(true);
        }
        for (id, secret) in living {
            if !self.may_call() {
                return Ok(false);
            }
            match self.look(&secret).await {
                Ok(Inspection::Alive(_)) => return Ok(true),
                Ok(Inspection::Refused { .. }) => self.is_unfit(id),
                Ok(Inspection::Undecided(_)) | Err(_) => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Those through whom the page may be read, with their secrets.
    pub(super) async fn parents_of(
        &self,
        page: &Token,
    ) -> Result<Vec<(TokenId, String, Secret)>, inventory::Error> {
        let page = page.clone();
        let unfit = self.ledger().unfit.clone();
        self.inventory
            .read(move |view| {
                let mut parents = Vec::new();
                for id in view.possible_parents(&page, PARENTS)? {
                    let Some(parent) = view.token(id)?.filter(|_| !unfit.contains(&id)) else {
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

    /// Durable before the call is made.
    pub(super) async fn begin_rotation(&self, token: &Token) -> Result<(), inventory::Error> {
        let (token, now) = (token.clone(), self.now);
        self.inventory
            .write(move |tx| tx.begin_rotation(&token, now))
            .await
    }

    /// It was not made after all.
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
