//! Asks Meta about claimed tokens, batch by batch, and separates the answers that are about the app.

use futures_util::{StreamExt, stream};

use super::policy::{self, InspectionResult};
use super::session::Session;
use crate::graph_api::{Certainty, Error, Inspection};
use crate::model::Claimed;
use crate::secret::Secret;

/// The maximum number of concurrent calls.
pub(super) const AT_ONCE: usize = 8;

/// Meta's answers about claimed tokens, in their order. `None` if Meta was not asked, or the answer says nothing about
/// the token; such a token stays due.
pub(super) type Answers = Vec<Option<InspectionResult>>;

/// Asks Meta about every claimed token, batch by batch, and stops when a whole batch fails alike. For a token with a
/// candidate it asks about the candidate, because the secret in use may no longer matter.
pub(super) async fn inspect(session: &Session<'_>, claimed: &[Claimed], batch: usize) -> Answers {
    let mut answers: Answers = Vec::with_capacity(claimed.len());
    let batches = claimed.chunks(batch);
    let calls: Vec<_> = batches.map(|some| inspect_batch(session, some)).collect();
    let mut calls = stream::iter(calls).buffered(AT_ONCE);
    while let Some(some) = calls.next().await {
        answers.extend(some);
    }
    answers
}

async fn inspect_batch(session: &Session<'_>, batch: &[Claimed]) -> Answers {
    if session.is_aborted() {
        return batch.iter().map(|_| None).collect();
    }
    let secrets: Vec<Secret> = batch.iter().map(asked_about).collect();
    let inspections = session
        .calls
        .count(session.calls.client.debug(&secrets).await);
    if policy::is_hopeless(&inspections) {
        session.abort_sweep();
    }
    inspections.into_iter().map(Some).collect()
}

fn asked_about(claimed: &Claimed) -> Secret {
    let candidate = claimed.candidate.as_ref();
    candidate
        .map_or(&claimed.secret, |candidate| &candidate.secret)
        .clone()
}

/// Removes the answers that are about the app, since they say nothing about a token.
pub(super) fn without_app_errors(answers: Answers) -> Answers {
    without(answers, |answer| {
        answer.as_ref().is_err_and(policy::names_the_app)
    })
}

/// Meta does not accept the app, so an answer that blames it says nothing about a token.
pub(super) fn without_blame(answers: Answers) -> Answers {
    without(answers, |answer| policy::blame(answer).is_some())
}

/// Removes all answers.
pub(super) fn without_any(answers: Answers) -> Answers {
    without(answers, |_| true)
}

fn without(mut answers: Answers, says_nothing: impl Fn(&InspectionResult) -> bool) -> Answers {
    for answer in &mut answers {
        answer.take_if(|answer| says_nothing(answer));
    }
    answers
}

/// Meta accepts the app, so an answer that blames it is about that one token.
pub(super) fn with_blame_as_their_own(mut answers: Answers) -> Answers {
    for answer in answers.iter_mut().flatten() {
        if let Err(error @ Error::App { .. }) = answer {
            *answer = Ok(Inspection::Undecided(error.clone().about_one_token()));
        }
    }
    answers
}

/// Marks every refusal of this sweep as doubtful, so that a second check has to confirm it.
pub(super) fn in_doubt(mut answers: Answers) -> Answers {
    for answer in answers.iter_mut().flatten() {
        if let Ok(Inspection::Refused { rejection, .. }) = answer {
            rejection.certainty = Certainty::Doubtful;
        }
    }
    answers
}
