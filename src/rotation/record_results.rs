//! Writes the results of one slice of a sweep: in one transaction, or one by one if that fails, so that a record that
//! cannot be written does not take the others with it.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::app_health::AppChange;
use super::follow_up::Results;
use super::{RotationWorker, Rules};
use crate::inventory::{self, ClaimInHand, Tx};
use crate::model::{CheckResult, NextCheck, Related, TokenId};

/// The results of one claimed slice, shared by the transactions that write them.
pub(super) struct Slice {
    routine: Vec<NextCheck>,
    changed: Vec<CheckResult>,
    related: Vec<Related>,
    claim: ClaimInHand,
    /// Set when the slice is a single token: a crash suspect that was checked alone is no longer a suspect.
    alone: Option<TokenId>,
    app: String,
    app_change: AppChange,
    rules: Rules,
    now: Timestamp,
}

/// The number of records queued for the writer together, so that they share a commit.
const AT_A_TIME: usize = 64;

impl RotationWorker {
    pub(super) fn slice(
        &self,
        claim: ClaimInHand,
        results: Results,
        related: Vec<Related>,
        app_change: AppChange,
        now: Timestamp,
    ) -> Slice {
        let Results { routine, changed } = results;
        let alone = match (routine.as_slice(), changed.as_slice()) {
            ([one], []) => Some(one.token),
            ([], [one]) => Some(one.after.id),
            _ => None,
        };
        Slice {
            routine,
            changed,
            related,
            claim,
            alone,
            app: self.app.clone(),
            app_change,
            rules: self.rules.clone(),
            now,
        }
    }

    /// Writes everything that can be written, then returns the first error.
    pub(super) async fn write_down(&self, slice: Option<Slice>) -> Result<(), inventory::Error> {
        let Some(slice) = slice.map(Arc::new) else {
            return Ok(());
        };
        let whole = Arc::clone(&slice);
        let written = self
            .inventory
            .write_alone_again(move |tx| whole.write(tx))
            .await;
        let error = match written {
            Err(error) if error.is_of_the_record() => error,
            written => return written,
        };
        tracing::warn!(
            app = self.app,
            "the results of a sweep cannot be written together, so they are written one by one: {error}"
        );
        self.write_one_by_one(&slice).await
    }

    async fn write_one_by_one(&self, slice: &Arc<Slice>) -> Result<(), inventory::Error> {
        let routine = Arc::clone(slice);
        let routine = move |tx: &Tx<'_>| tx.record_unchanged(&routine.app, &routine.routine);
        let mut outcome = self.inventory.write_alone(routine).await;
        let records = (0..slice.changed.len()).map(|index| self.write_one(slice, index));
        let mut records = stream::iter(records).buffered(AT_A_TIME);
        while let Some(recorded) = records.next().await {
            outcome = outcome.and(recorded);
        }
        let rest = Arc::clone(slice);
        let rest = self.inventory.write(move |tx| rest.write_rest(tx));
        outcome.and(rest.await)
    }

    async fn write_one(&self, slice: &Arc<Slice>, index: usize) -> Result<(), inventory::Error> {
        let Some(token) = slice.changed.get(index).map(|result| &result.after.name) else {
            return Ok(());
        };
        let one = Arc::clone(slice);
        let recorded = self.inventory.write(move |tx| {
            let one_result = one.changed.get(index..=index).unwrap_or_default();
            tx.record_all(one_result, one.now)
        });
        recorded.await.inspect_err(|error| {
            tracing::error!(
                token,
                "the check result of {token} cannot be written: {error}"
            );
        })
    }
}

impl Slice {
    fn write(&self, tx: &Tx<'_>) -> Result<(), inventory::Error> {
        tx.record_unchanged(&self.app, &self.routine)?;
        tx.record_all(&self.changed, self.now)?;
        self.write_rest(tx)
    }

    /// What follows from the results, once they are recorded.
    fn write_rest(&self, tx: &Tx<'_>) -> Result<(), inventory::Error> {
        for related in &self.related {
            tx.schedule_related(related, self.now)?;
        }
        tx.end_claim(self.claim.id())?;
        self.alone.map_or(Ok(()), |id| tx.clear_suspicion(id))?;
        self.app_change.write(tx, &self.app, &self.rules, self.now)
    }
}
