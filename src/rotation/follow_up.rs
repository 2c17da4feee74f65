//! Takes the inspected tokens of a slice through the rest of their checks, up to the results to record.

use futures_util::{StreamExt, stream};

use super::inspect::{AT_ONCE, Seen};
use super::policy::{self, CandidateAnswer, InspectionResult};
use super::session::Session;
use crate::graph_api::{Error, Inspection};
use crate::inventory;
use crate::model::{CheckResult, Claimed, Health, NextCheck, Token};

type Completed = (Option<CheckResult>, Result<(), inventory::Error>);

/// The checks of one slice.
#[derive(Default)]
pub(super) struct Results {
    /// Those that changed nothing.
    pub(super) routine: Vec<NextCheck>,
    pub(super) changed: Vec<CheckResult>,
}

impl Results {
    fn add(&mut self, result: CheckResult) {
        if result.is_routine() {
            self.routine.push(result.next_check());
        } else {
            self.changed.push(result);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.routine.len() + self.changed.len()
    }
}

impl Session<'_> {
    /// Most checks end with the inspection; the others continue, several at a time. Returns the first inventory error.
    pub(super) async fn check(&self, seen: Seen) -> (Results, Result<(), inventory::Error>) {
        let basis = self.basis();
        let mut results = Results {
            routine: seen.routine,
            ..Results::default()
        };
        let mut open = Vec::new();
        let seen = seen.tokens.into_iter().zip(seen.answers);
        let seen = seen.filter_map(|(claimed, answer)| Some((claimed, answer?)));
        for (claimed, answer) in seen {
            if let Some(next_check) = policy::routine(&claimed, &answer, &basis) {
                results.routine.push(next_check);
            } else if claimed.candidate.is_some() {
                open.push((CheckResult::new(claimed, self.now), Some(answer)));
            } else {
                self.mark_refused(&claimed, &answer);
                let result = policy::check_result(claimed, &answer, &basis);
                match policy::follow_up(&result, &basis) {
                    Some(_) => open.push((result, None)),
                    None => results.add(policy::concluded(result, &basis)),
                }
            }
        }
        let mut outcome = Ok(());
        let mut open = stream::iter(open)
            .map(|(result, of_candidate)| self.complete(result, of_candidate))
            .buffer_unordered(AT_ONCE);
        while let Some((result, completed)) = open.next().await {
            result.into_iter().for_each(|result| results.add(result));
            outcome = outcome.and(completed);
        }
        (results, outcome)
    }

    /// Marks a token that Meta refuses, so that this sweep derives no page token through it.
    fn mark_refused(&self, claimed: &Claimed, answer: &InspectionResult) {
        match answer {
            Ok(Inspection::Refused { .. }) | Err(Error::Refused(_)) => {
                self.mark_unusable(claimed.token.id);
            }
            Ok(Inspection::Undecided(error)) => log_undecided(&claimed.token, error),
            Ok(Inspection::Alive(_)) | Err(_) => {}
        }
    }

    /// The first step of a check with a candidate. Meta was asked about the candidate, so it is asked about the secret in
    /// use only if that may stay.
    async fn examine(&self, unchecked: CheckResult, answer: InspectionResult) -> CheckResult {
        let claimed = &unchecked.claimed;
        let Some(candidate) = self.offered(claimed, answer).await else {
            return policy::candidate_later(unchecked);
        };
        if policy::replaces_without_asking(claimed, &candidate) {
            return policy::with_candidate(unchecked, candidate, &self.basis());
        }
        let Some(inspection) = self.inspect_in_use(claimed).await else {
            return policy::candidate_later(unchecked);
        };
        let basis = self.basis();
        let result = policy::check_result(unchecked.claimed, &inspection, &basis);
        policy::with_candidate(result, candidate, &basis)
    }

    /// The candidate, exchanged if it is short-lived. `None` if that needs a call that cannot be made now.
    async fn offered(
        &self,
        claimed: &Claimed,
        answer: InspectionResult,
    ) -> Option<CandidateAnswer> {
        Some(match answer {
            Ok(Inspection::Alive(facts)) => {
                if facts.is_short_lived(self.now) && !self.calls.may_call() {
                    return None;
                }
                let secret = claimed.candidate.as_ref()?.secret.clone();
                let (secret, facts) = self.calls.lengthened(secret, facts).await;
                CandidateAnswer::Alive(secret, facts)
            }
            Ok(Inspection::Refused { rejection, .. }) => CandidateAnswer::Refused(rejection.cause),
            Ok(Inspection::Undecided(_)) | Err(_) => CandidateAnswer::Unknown,
        })
    }

    async fn inspect_in_use(&self, claimed: &Claimed) -> Option<InspectionResult> {
        if !self.calls.may_call() {
            return None;
        }
        let inspection = self.calls.inspect(&claimed.secret).await;
        let is_about_app = inspection.as_ref().is_err_and(policy::names_the_app);
        (!is_about_app).then_some(inspection)
    }

    /// Asks until nothing is left to ask. A secret that exists nowhere else is saved before anything else happens, even
    /// if an inventory error ends the check early.
    async fn complete(
        &self,
        mut result: CheckResult,
        of_candidate: Option<InspectionResult>,
    ) -> Completed {
        let mut outcome = Ok(());
        if let Some(answer) = of_candidate {
            result = self.examine(result, answer).await;
        }
        while let Some(follow_up) = policy::follow_up(&result, &self.basis()) {
            if !self.calls.may_call() {
                result = policy::kept_failing(result, self.now);
                break;
            }
            match self.ask(&result, follow_up).await {
                Ok(answer) => result = policy::with_answer(result, answer, &self.basis()),
                Err(error) if result.secret.is_none() => return (None, Err(error)),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        let result = policy::concluded(result, &self.basis());
        if result.is_irreplaceable {
            let saved = self.inventory.save(result.clone(), self.now).await;
            outcome = outcome.and(saved);
        }
        (Some(result), outcome)
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
