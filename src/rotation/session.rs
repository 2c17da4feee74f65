//! What the checks of one sweep share: the calls to Meta and what they showed about the app and about parents.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::policy::Basis;
use super::{RotationWorker, Rules};
use crate::graph_api::{self, Inspection};
use crate::inventory::{self, Inventory, View};
use crate::model::{Token, TokenId};
use crate::secret::Secret;

pub(super) struct Session<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) calls: graph_api::Session<'a>,
    pub(super) rules: &'a Rules,
    pub(super) now: Timestamp,
    pub(super) trial: Trial,
    findings: Mutex<Findings>,
}

/// How it is found out whether an app that fails works again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// It does not fail.
    None,
    /// By a question about the app itself.
    App,
    /// By the answer about a token, where there is no such question.
    Token,
}

#[derive(Default)]
struct Findings {
    /// Parents that Meta refuses in this sweep, so that they are not tried again for each of 10,000 pages.
    unusable: HashSet<TokenId>,
    aborted: bool,
}

/// A living user token through which a page's token may be derived.
pub(super) struct Parent {
    pub(super) id: TokenId,
    pub(super) name: String,
    pub(super) secret: Secret,
}

/// The number of parents, or of other tokens of one person, that are tried for one token.
const PARENTS: usize = 3;

impl<'a> Session<'a> {
    /// `allowance` is the number of calls that the sweep may make in all.
    pub(super) fn new(
        worker: &'a RotationWorker,
        allowance: u32,
        trial: Trial,
        now: Timestamp,
    ) -> Self {
        Self {
            inventory: &worker.inventory,
            calls: graph_api::Session::new(&worker.graph, allowance, now),
            rules: &worker.rules,
            now,
            trial,
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
        self.findings().aborted || !self.inventory.may_act()
    }

    /// Reserves the calls of one step of a check, if the budget and the duty of the app allow them.
    pub(super) fn reserve(&self, calls: u32) -> Option<graph_api::Reservation<'_>> {
        match self.inventory.may_act() {
            true => self.calls.reserve(calls),
            false => None,
        }
    }

    pub(super) fn mark_unusable(&self, parent: TokenId) {
        self.findings().unusable.insert(parent);
    }

    /// What Meta's answers are judged by: the clock, and the times in Meta's answers of this sweep.
    pub(super) fn basis(&self) -> Basis<'a> {
        Basis {
            rules: self.rules,
            now: self.now,
            skew: self.calls.skew(),
        }
    }

    pub(super) async fn confirm_app(&self) -> Result<(), graph_api::Error> {
        self.calls.count(self.calls.client.confirm_app().await)
    }

    /// Whether Meta ended this token alone: true if another token of the same person is alive, or if there is none to
    /// ask about.
    pub(super) async fn is_only_ending(&self, token: &Token) -> Result<bool, inventory::Error> {
        let (of, unusable) = (token.clone(), self.findings().unusable.clone());
        let related_tokens = self.inventory.read(move |view| {
            let (living, any) = view.related_tokens(&of, PARENTS)?;
            Ok((readable(view, living, &unusable)?, any))
        });
        let (living, any) = related_tokens.await?;
        if !any {
            return Ok(true);
        }
        for related in living {
            let Some(_reserved) = self.reserve(1) else {
                return Ok(false);
            };
            match self.calls.inspect(&related.secret).await {
                Ok(Inspection::Alive(_)) => return Ok(true),
                Ok(Inspection::Refused { .. }) => self.mark_unusable(related.id),
                Ok(Inspection::Undecided(_)) | Err(_) => return Ok(false),
            }
        }
        Ok(false)
    }

    pub(super) async fn parents_of(&self, page: &Token) -> Result<Vec<Parent>, inventory::Error> {
        let (page, unusable) = (page.clone(), self.findings().unusable.clone());
        let parents = self.inventory.read(move |view| {
            let parents = view.possible_parents(&page, PARENTS)?;
            readable(view, parents, &unusable)
        });
        parents.await
    }
}

/// Reads those of the tokens that are not dead, that Meta has not refused in this sweep, and whose secrets open.
fn readable(
    view: &View<'_>,
    ids: Vec<TokenId>,
    unusable: &HashSet<TokenId>,
) -> Result<Vec<Parent>, inventory::Error> {
    let mut readable = Vec::new();
    for id in ids.into_iter().filter(|id| !unusable.contains(id)) {
        let Some(token) = view.token(id)?.filter(|token| !token.is_dead()) else {
            continue;
        };
        let reading = match view.secret_of(&token) {
            Err(inventory::Error::Unsealable(_)) => continue,
            reading => reading?,
        };
        readable.extend(reading.map(|reading| Parent {
            id,
            name: token.name,
            secret: reading.secret,
        }));
    }
    Ok(readable)
}
