//! Asks Meta about claimed tokens, batch by batch, and separates the answers that are about the app.

use futures_util::{StreamExt, stream};

use super::policy::{self, InspectionResult};
use super::session::Session;
use crate::graph_api::{Certainty, Error, Inspection};
use crate::model::{Claimed, TokenId};
use crate::secret::Secret;

/// The maximum number of concurrent calls.
pub(super) const AT_ONCE: usize = 8;

/// The tokens that Meta was asked about, and those that were skipped because the app failed.
pub(super) struct BatchResult {
    pub(super) seen: Vec<(Claimed, InspectionResult)>,
    pub(super) unseen: Vec<TokenId>,
}

/// Asks Meta about every claimed token, batch by batch, and stops when a whole batch fails alike. For a token with a
/// candidate it asks about the candidate, because the secret in use may no longer matter.
pub(super) async fn inspect(
    session: &Session<'_>,
    claimed: Vec<Claimed>,
    batch: usize,
) -> BatchResult {
    let mut claimed = claimed.into_iter();
    let mut inspected = BatchResult {
        seen: Vec::with_capacity(claimed.len()),
        unseen: Vec::new(),
    };
    let batches = std::iter::from_fn(|| {
        let batch: Vec<Claimed> = claimed.by_ref().take(batch).collect();
        (!batch.is_empty()).then_some(batch)
    });
    let mut answers = stream::iter(batches.collect::<Vec<_>>())
        .map(|batch| async {
            if session.is_aborted() {
                return (batch, None);
            }
            let secrets: Vec<Secret> = batch.iter().map(asked_about).collect();
            let inspections = session
                .calls
                .count(session.calls.client.debug(&secrets).await);
            if policy::is_hopeless(&inspections) {
                session.abort_sweep();
            }
            (batch, Some(inspections))
        })
        .buffered(AT_ONCE);
    while let Some((batch, inspections)) = answers.next().await {
        match inspections {
            Some(inspections) => inspected.seen.extend(batch.into_iter().zip(inspections)),
            None => inspected
                .unseen
                .extend(batch.iter().map(|claimed| claimed.token.id)),
        }
    }
    inspected
}

fn asked_about(claimed: &Claimed) -> Secret {
    let candidate = claimed.candidate.as_ref();
    candidate
        .map_or(&claimed.secret, |candidate| &candidate.secret)
        .clone()
}

impl BatchResult {
    /// Removes the answers that are about the app, since they say nothing about a token.
    pub(super) fn without_app_errors(self) -> Self {
        self.unseeing(|inspection| inspection.as_ref().is_err_and(policy::names_the_app))
    }

    /// Meta does not accept the app, so an answer that blames it says nothing about a token.
    pub(super) fn without_blame(self) -> Self {
        self.unseeing(|inspection| policy::blame(inspection).is_some())
    }

    pub(super) fn all_unseen(self) -> Self {
        self.unseeing(|_| true)
    }

    fn unseeing(self, says_nothing: impl Fn(&InspectionResult) -> bool) -> Self {
        let Self { seen, mut unseen } = self;
        let (dropped, seen): (Vec<_>, Vec<_>) = seen
            .into_iter()
            .partition(|(_, inspection)| says_nothing(inspection));
        unseen.extend(dropped.into_iter().map(|(claimed, _)| claimed.token.id));
        Self { seen, unseen }
    }

    /// Meta accepts the app, so an answer that blames it is about that one token.
    pub(super) fn with_blame_as_their_own(mut self) -> Self {
        for (_, inspect) in &mut self.seen {
            if let Err(error @ Error::App { .. }) = inspect {
                *inspect = Ok(Inspection::Undecided(error.clone().about_one_token()));
            }
        }
        self
    }

    /// Marks every refusal of this sweep as doubtful, so that a second check has to confirm it.
    pub(super) fn in_doubt(mut self) -> Self {
        for (_, inspect) in &mut self.seen {
            if let Ok(Inspection::Refused { rejection, .. }) = inspect {
                rejection.certainty = Certainty::Doubtful;
            }
        }
        self
    }
}
