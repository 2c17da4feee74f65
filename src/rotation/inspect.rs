//! Asks Meta about claimed tokens, batch by batch, and separates the answers that are about the app.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::app_health::Turn;
use super::policy::{self, InspectionResult};
use super::session::{Session, Trial};
use crate::graph_api::{Certainty, Description, Error, Inspection, Question};
use crate::inventory::{self, Claim};
use crate::model::{Claimed, Facts, NextCheck, TokenId};
use crate::secret::Secret;

/// The maximum number of concurrent calls.
pub(super) const AT_ONCE: usize = 8;

/// Meta's answers about claimed tokens, in their order. `None` if Meta was not asked, or the answer says nothing about
/// the token; such a token stays due.
pub(super) type Answers = Vec<Option<InspectionResult>>;

/// What Meta said about each token of a claim: the known ones first.
pub(super) type Descriptions = Vec<Option<Result<Description, Error>>>;

/// Asks Meta about every claimed token, batch by batch, and stops when a whole batch fails alike. For a token with a
/// candidate it asks about the candidate, because the secret in use may no longer matter.
pub(super) async fn inspect(session: &Session<'_>, claim: &Claim, batch: usize) -> Descriptions {
    let rules = session.rules.digest();
    let known = claim.known.iter().map(|token| Question {
        token: &token.secret,
        known: Some(policy::expected(token.answer, rules)),
    });
    let others = claim.tokens.iter().map(|claimed| Question {
        token: asked_about(claimed),
        known: None,
    });
    let questions: Vec<Question<'_>> = known.chain(others).collect();
    let mut descriptions = Vec::with_capacity(questions.len());
    let batches = questions.chunks(batch);
    let calls: Vec<_> = batches.map(|some| inspect_batch(session, some)).collect();
    let mut calls = stream::iter(calls).buffered(AT_ONCE);
    while let Some(some) = calls.next().await {
        descriptions.extend(some);
    }
    descriptions
}

async fn inspect_batch(session: &Session<'_>, batch: &[Question<'_>]) -> Descriptions {
    if session.is_aborted() {
        return batch.iter().map(|_| None).collect();
    }
    let described = session.calls.client.debug_again(batch).await;
    let described = session.calls.count(described);
    if policy::is_hopeless(&described) {
        session.abort_sweep();
    }
    described.into_iter().map(Some).collect()
}

fn asked_about(claimed: &Claimed) -> &Secret {
    let candidate = claimed.candidate.as_ref();
    candidate.map_or(&claimed.secret, |candidate| &candidate.secret)
}

/// What a sweep saw of its claim.
#[derive(Default)]
pub(super) struct Seen {
    /// Of the tokens whose answer was the known one.
    pub(super) routine: Vec<NextCheck>,
    pub(super) tokens: Vec<Claimed>,
    pub(super) answers: Answers,
}

impl Seen {
    /// Whether one of the tokens had a permission for ads.
    pub(super) fn show_ads(&self) -> bool {
        let mut facts = self
            .tokens
            .iter()
            .filter_map(|claimed| claimed.token.facts.as_ref());
        facts.any(Facts::permits_ads)
    }

    fn add(&mut self, mut claimed: Claimed, description: Option<Result<Description, Error>>) {
        let answer = description.map(|description| match description? {
            Description::Other(inspection, digest) => {
                // The digest of a candidate's answer says nothing about the secret in use.
                claimed.answer = digest.filter(|_| claimed.candidate.is_none());
                Ok(policy::completed_by_grant(&claimed, *inspection))
            }
            Description::Known => Err(Error::Unreachable("no question was known".into())),
        });
        self.answers.push(answer);
        self.tokens.push(claimed);
    }
}

impl Session<'_> {
    /// Separates the answers that were known from those that have to be judged, and reads the tokens of the latter.
    pub(super) async fn seen(
        &self,
        claim: Claim,
        mut descriptions: Descriptions,
    ) -> Result<Seen, inventory::Error> {
        let others = descriptions.split_off(claim.known.len().min(descriptions.len()));
        let mut seen = Seen::default();
        let mut changed = HashMap::new();
        for (token, description) in claim.known.into_iter().zip(descriptions) {
            match description {
                Some(Ok(Description::Known)) => {
                    let next_check = policy::after_known_answer(&token, &self.basis());
                    seen.routine.push(next_check);
                }
                description => {
                    changed.insert(token.id, (token.due_at, description));
                }
            }
        }
        for (claimed, description) in claim.tokens.into_iter().zip(others) {
            seen.add(claimed, description);
        }
        if !changed.is_empty() {
            self.add_changed(&mut seen, changed).await?;
        }
        Ok(seen)
    }

    /// An answer that does not blame the app shows that it works again, if only such an answer can.
    pub(super) fn recovery(&self, seen: &Seen) -> Option<Turn> {
        let has_answer = !seen.routine.is_empty() || seen.answers.iter().any(Option::is_some);
        (self.trial == Trial::Token && has_answer).then_some(Turn::Recovers)
    }

    /// A token that somebody made due again since its claim is left to the next sweep: it may have an order.
    async fn add_changed(
        &self,
        seen: &mut Seen,
        mut changed: HashMap<TokenId, (Timestamp, Option<Result<Description, Error>>)>,
    ) -> Result<(), inventory::Error> {
        let (ids, now): (Vec<TokenId>, _) = (changed.keys().copied().collect(), self.now);
        let tokens = self.inventory.read(move |view| view.due_tokens(&ids, now));
        for claimed in tokens.await? {
            let Some((due_at, description)) = changed.remove(&claimed.token.id) else {
                continue;
            };
            if claimed.token.next.is_some_and(|next| next.at == due_at) {
                seen.add(claimed, description);
            }
        }
        Ok(())
    }
}

/// Removes the answers that are about the app, since they say nothing about a token.
pub(super) fn without_app_errors(answers: &mut Answers) {
    without(answers, |answer| {
        answer.as_ref().is_err_and(policy::names_the_app)
    });
}

/// Meta does not accept the app, so an answer that blames it says nothing about a token.
pub(super) fn without_blame(answers: &mut Answers) {
    without(answers, |answer| policy::blame(answer).is_some());
}

/// Removes all answers.
pub(super) fn without_any(answers: &mut Answers) {
    without(answers, |_| true);
}

fn without(answers: &mut Answers, says_nothing: impl Fn(&InspectionResult) -> bool) {
    for answer in answers {
        answer.take_if(|answer| says_nothing(answer));
    }
}

/// Meta accepts the app, so an answer that blames it is about that one token.
pub(super) fn with_blame_as_their_own(answers: &mut Answers) {
    for answer in answers.iter_mut().flatten() {
        if let Err(error @ Error::App { .. }) = answer {
            *answer = Ok(Inspection::Undecided(error.clone().about_one_token()));
        }
    }
}

/// Marks every refusal of this sweep as doubtful, so that a second check has to confirm it.
pub(super) fn in_doubt(answers: &mut Answers) {
    for answer in answers.iter_mut().flatten() {
        if let Ok(Inspection::Refused { rejection, .. }) = answer {
            rejection.certainty = Certainty::Doubtful;
        }
    }
}
