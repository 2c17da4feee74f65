//! Writes the results of one slice of a sweep: in one transaction, or one by one if that fails, so that a record that
//! cannot be written does not take the others with it.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::app_health::AppChange;
use super::token_check::CheckOutcome;
use super::{RotationWorker, Rules};
use crate::inventory::{self, CheckResult, NextCheck, Recorded, Tx};
use crate::model::{Kind, TokenId};

/// The results of one claimed slice, ready to be written.
pub(super) struct InspectedBatch {
    pub(super) checks: Vec<CheckOutcome>,
    pub(super) unseen: Vec<TokenId>,
    pub(super) app: AppChange,
}

/// The same results, shared by the transactions that write them.
struct Slice {
    routine: Vec<NextCheck>,
    changed: Vec<CheckOutcome>,
    unseen: Vec<TokenId>,
    /// Set when the slice is a single token: a crash suspect that was checked alone is no longer a suspect.
    alone: Option<TokenId>,
    app: AppChange,
    name: String,
    rules: Rules,
    now: Timestamp,
}

/// The number of records queued for the writer together, so that they share a commit.
const AT_A_TIME: usize = 64;

impl RotationWorker {
    /// Writes everything that can be written, then returns the first error.
    pub(super) async fn write_down(
        &self,
        seen: Option<InspectedBatch>,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        let Some(seen) = seen else {
            return Ok(());
        };
        let slice = Arc::new(Slice::new(seen, self, now));
        let whole = Arc::clone(&slice);
        let error = match self.inventory.write(move |tx| whole.write(tx)).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_of_the_record() => error,
            Err(error) => return Err(error),
        };
        tracing::warn!(
            app = self.app,
            "the results of a sweep cannot be written together, so they are written one by one: {error}"
        );
        self.write_one_by_one(&slice).await
    }

    async fn write_one_by_one(&self, slice: &Arc<Slice>) -> Result<(), inventory::Error> {
        let routine = Arc::clone(slice);
        let routine = move |tx: &Tx<'_>| tx.record_unchanged(&routine.routine);
        let mut outcome = self.inventory.write(routine).await;
        let records = (0..slice.changed.len()).map(|index| self.write_one(slice, index));
        let mut records = stream::iter(records).buffered(AT_A_TIME);
        while let Some(recorded) = records.next().await {
            outcome = outcome.and(recorded);
        }
        let rest = Arc::clone(slice);
        let rest = self
            .inventory
            .write(move |tx| rest.write_one_by_one(tx))
            .await;
        outcome.and(rest)
    }

    async fn write_one(&self, slice: &Arc<Slice>, index: usize) -> Result<(), inventory::Error> {
        let one = Arc::clone(slice);
        let recorded = self.inventory.write(move |tx| {
            let Some(outcomes) = one.changed.get(index) else {
                return Ok(());
            };
            record_app_change(tx, outcomes, one.now)?;
            store_page_admins(tx, outcomes, one.now)
        });
        let recorded = recorded.await;
        if let (Err(error), Some(outcomes)) = (&recorded, slice.changed.get(index)) {
            let token = &outcomes.after.after.name;
            tracing::error!(
                token,
                "the check result of {token} cannot be written: {error}"
            );
        }
        recorded
    }
}

impl Slice {
    fn new(seen: InspectedBatch, rotation_worker: &RotationWorker, now: Timestamp) -> Self {
        let alone = match seen.checks.as_slice() {
            [one] => Some(one.after.after.id),
            [] | [_, _, ..] => None,
        };
        let (routine, changed): (Vec<_>, Vec<_>) =
            seen.checks.into_iter().partition(CheckOutcome::is_routine);
        Self {
            routine: routine
                .iter()
                .map(|outcomes| outcomes.after.next_check())
                .collect(),
            changed,
            unseen: seen.unseen,
            alone,
            app: seen.app,
            name: rotation_worker.app.clone(),
            rules: rotation_worker.rules.clone(),
            now,
        }
    }

    fn write(&self, tx: &Tx<'_>) -> Result<(), inventory::Error> {
        tx.record_unchanged(&self.routine)?;
        for outcomes in &self.changed {
            record_app_change(tx, outcomes, self.now)?;
        }
        for outcomes in &self.changed {
            store_page_admins(tx, outcomes, self.now)?;
        }
        self.write_one_by_one(tx)
    }

    fn write_one_by_one(&self, tx: &Tx<'_>) -> Result<(), inventory::Error> {
        schedule_related(tx, &self.changed, self.now)?;
        tx.release(&self.unseen)?;
        self.alone.map_or(Ok(()), |id| tx.clear_suspicion(id))?;
        self.app.write(tx, &self.name, &self.rules, self.now)
    }
}

fn record_app_change(
    tx: &Tx<'_>,
    outcomes: &CheckOutcome,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let CheckResult { before, after, .. } = &outcomes.after;
    if !outcomes.is_saved && tx.record(&outcomes.after, now)? == Recorded::Gone {
        return Ok(());
    }
    if let Some(subscription) = &outcomes.is_subscribed {
        tx.store_subscription(after, subscription, now)?;
    }
    if before.facts.is_none() && after.facts.is_some() {
        tx.link_parent(after)?;
    }
    Ok(())
}

fn store_page_admins(
    tx: &Tx<'_>,
    outcomes: &CheckOutcome,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    match &outcomes.pages {
        Some(pages) => tx.store_page_admins(&outcomes.after.after, pages, now),
        None => Ok(()),
    }
}

/// Runs after every record of a claim is written, because related tokens may be among them. Each person's tokens are
/// scheduled once, even if thousands of that person's pages died or recovered together.
fn schedule_related(
    tx: &Tx<'_>,
    changed: &[CheckOutcome],
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let (mut scheduled, mut woken) = (HashSet::new(), HashSet::new());
    let mut measured = HashSet::new();
    for outcomes in changed {
        let token = &outcomes.after.after;
        let Some(facts) = &token.facts else { continue };
        if outcomes.died && scheduled.insert(&facts.person) {
            tx.schedule_related_now(token, now)?;
        }
        let is_own = facts.kind != Kind::Page;
        if outcomes.permissions_changed && measured.insert((is_own, &facts.person)) {
            tx.schedule_permission_checks(token, now)?;
        }
        // Keyed by kind as well, since a user token also schedules pages of other people that it can reach.
        if outcomes.revived && woken.insert((facts.kind, &facts.person)) {
            tx.schedule_pages_now(token, now)?;
        }
    }
    Ok(())
}
