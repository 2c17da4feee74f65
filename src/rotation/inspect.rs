//! Asking Meta about what was claimed, batch by batch, and setting apart what the answers say of the app.

use futures_util::{StreamExt, stream};

use super::app_health;
use super::policy::{self, InspectionResult};
use super::sweep_context::SweepContext;
use crate::graph_api::{Certainty, Error, Inspection};
use crate::inventory::Claimed;
use crate::model::TokenId;
use crate::secret::Secret;

/// Calls under way at once.
pub(super) const AT_ONCE: usize = 8;

/// What was asked of Meta, and what was not, because the app was in trouble by then.
pub(super) struct BatchResult {
    pub(super) seen: Vec<(Claimed, InspectionResult)>,
    pub(super) unseen: Vec<TokenId>,
}

/// Asks Meta about every claimed token, batch by batch; stops asking when a whole batch fails alike. Where a candidate
/// waits it is asked about that, for the one in use may not matter any more.
pub(super) async fn inspect(
    context: &SweepContext<'_>,
    claimed: Vec<Claimed>,
    batch: usize,
) -> BatchResult {
    let mut claimed = claimed.into_iter();
    let mut looked = BatchResult {
        seen: Vec::with_capacity(claimed.len()),
        unseen: Vec::new(),
    };
    let batches = std::iter::from_fn(|| {
        let batch: Vec<Claimed> = claimed.by_ref().take(batch).collect();
        (!batch.is_empty()).then_some(batch)
    });
    let mut answers = stream::iter(batches.collect::<Vec<_>>())
        .map(|batch| async {
            if context.is_aborted() {
                return (batch, None);
            }
            let secrets: Vec<Secret> = batch.iter().map(asked_about).collect();
            let inspections = context.inspect_all(&secrets).await;
            if app_health::is_hopeless(&inspections) {
                context.abort_sweep();
            }
            (batch, Some(inspections))
        })
        .buffered(AT_ONCE);
    while let Some((batch, inspections)) = answers.next().await {
        match inspections {
            Some(inspections) => looked.seen.extend(batch.into_iter().zip(inspections)),
            None => looked
                .unseen
                .extend(batch.iter().map(|claimed| claimed.token.id)),
        }
    }
    looked
}

fn asked_about(claimed: &Claimed) -> Secret {
    let candidate = claimed.candidate.as_ref();
    candidate
        .map_or(&claimed.secret, |candidate| &candidate.secret)
        .clone()
}

impl BatchResult {
    /// Answers that name the app say nothing of a token.
    pub(super) fn without_app_errors(self) -> Self {
        let Self { seen, mut unseen } = self;
        let (about_app, seen): (Vec<_>, Vec<_>) = seen
            .into_iter()
            .partition(|(_, inspect)| inspect.as_ref().is_err_and(app_health::names_the_app));
        unseen.extend(about_app.into_iter().map(|(claimed, _)| claimed.token.id));
        Self { seen, unseen }
    }

    /// Meta accepts the app, so what blames it is about the one token.
    pub(super) fn with_blame_as_their_own(mut self) -> Self {
        for (_, inspect) in &mut self.seen {
            if let Err(error @ Error::App { .. }) = inspect {
                *inspect = Ok(Inspection::Undecided(error.clone().about_one_token()));
            }
        }
        self
    }

    /// Meta does not accept the app, so what blames it says nothing of a token.
    pub(super) fn without_blame(self) -> Self {
        let Self { seen, mut unseen } = self;
        let (blaming, seen): (Vec<_>, Vec<_>) = seen
            .into_iter()
            .partition(|(_, inspect)| policy::blame(inspect).is_some());
        unseen.extend(blaming.into_iter().map(|(claimed, _)| claimed.token.id));
        Self { seen, unseen }
    }

    pub(super) fn all_unseen(self) -> Self {
        let Self { seen, mut unseen } = self;
        unseen.extend(seen.into_iter().map(|(claimed, _)| claimed.token.id));
        Self {
            seen: Vec::new(),
            unseen,
        }
    }

    /// No verdict of this pass is believed before a second look.
    pub(super) fn in_doubt(mut self) -> Self {
        for (_, inspect) in &mut self.seen {
            if let Ok(Inspection::Refused { rejection, .. }) = inspect {
                rejection.certainty = Certainty::Doubtful;
            }
        }
        self
    }
}
