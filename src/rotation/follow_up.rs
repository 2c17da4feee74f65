//! Takes the inspected tokens of a slice through the remaining steps of their checks, up to the results to record.

use futures_util::{StreamExt, stream};

use super::RotationWorker;
use super::inspect::AT_ONCE;
use super::policy::{InspectionResult, Step};
use super::sweep_context::SweepContext;
use super::token_check::{CheckOutcome, TokenCheck};
use crate::graph_api::{Error, Inspection};
use crate::inventory::{self, Claimed};
use crate::model::{Health, Token};

impl RotationWorker {
    /// Most checks end with the inspection; the others continue, several at a time. Returns the first inventory error.
    pub(super) async fn follow_up(
        &self,
        context: &SweepContext<'_>,
        seen: Vec<(Claimed, InspectionResult)>,
    ) -> (Vec<CheckOutcome>, Result<(), inventory::Error>) {
        record_unusable(context, &seen);
        let begun = seen
            .into_iter()
            .map(|(claimed, inspect)| TokenCheck::begin(claimed, inspect, context));
        let (confirmed, open): (Vec<TokenCheck>, Vec<TokenCheck>) =
            begun.partition(|token_check| token_check.next_step(context) == Step::Finish);
        let mut outcomes: Vec<CheckOutcome> = confirmed
            .into_iter()
            .map(|token_check| token_check.finish(context))
            .collect();
        let mut outcome = Ok(());
        let mut open = stream::iter(open)
            .map(|token_check| self.finish(token_check, context))
            .buffer_unordered(AT_ONCE);
        while let Some((token_check, finished)) = open.next().await {
            outcomes.extend(token_check);
            outcome = outcome.and(finished);
        }
        (outcomes, outcome)
    }

    /// Completes a check. A secret that exists nowhere else is saved before anything else happens.
    async fn finish(
        &self,
        token_check: TokenCheck,
        context: &SweepContext<'_>,
    ) -> (Option<CheckOutcome>, Result<(), inventory::Error>) {
        let (token_check, outcome) = match token_check.proceed(context).await {
            Ok(token_check) => (Some(token_check), Ok(())),
            Err((token_check, error)) => (token_check, Err(error)),
        };
        let Some(mut outcomes) = token_check.map(|token_check| token_check.finish(context)) else {
            return (None, outcome);
        };
        if !outcomes.is_irreplaceable {
            return (Some(outcomes), outcome);
        }
        outcomes.is_saved = true;
        let saved = self
            .inventory
            .save(outcomes.after.clone(), context.now)
            .await;
        (Some(outcomes), outcome.and(saved.map(drop)))
    }
}

/// Marks tokens that Meta refuses, so that this sweep derives no page token through them.
fn record_unusable(context: &SweepContext<'_>, seen: &[(Claimed, InspectionResult)]) {
    let of_the_one_in_use = seen
        .iter()
        .filter(|(claimed, _)| claimed.candidate.is_none());
    for (claimed, inspect) in of_the_one_in_use {
        match inspect {
            Ok(Inspection::Refused { .. }) | Err(Error::Refused(_)) => {
                context.mark_unusable(claimed.token.id);
            }
            Ok(Inspection::Undecided(error)) => log_undecided(&claimed.token, error),
            Ok(Inspection::Alive(_)) | Err(_) => {}
        }
    }
}

/// Logs each new cause once, not every retry.
fn log_undecided(token: &Token, error: &Error) {
    let known = matches!(token.health, Health::Failing { cause, .. } if cause == error.cause());
    if !known {
        let name = &token.name;
        tracing::warn!(
            token = name,
            "the check of {name} had no clear result and will be repeated: {error}"
        );
    }
}
