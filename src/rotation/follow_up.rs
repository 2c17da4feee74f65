//! Takes the inspected tokens of a slice through the rest of their checks, up to the results to record.

use futures_util::{StreamExt, stream};

use super::exchange_once::{Attempt, ExchangeAnswer};
use super::inspect::{AT_ONCE, Seen};
use super::policy::{self, CandidateAnswer, FollowUp, InspectionResult};
use super::session::Session;
use crate::graph_api::{Error, Inspection};
use crate::inventory;
use crate::model::{Candidate, CheckResult, Claimed, Facts, Health, NextCheck, Token};

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

    /// Whether one of the tokens has a permission for ads now.
    pub(super) fn show_ads(&self) -> bool {
        let mut facts = self
            .changed
            .iter()
            .filter_map(|result| result.after.facts.as_ref());
        facts.any(Facts::permits_ads)
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
        // Whose answer came first decides nothing.
        let id = |result: &CheckResult| result.after.id.0;
        results.changed.sort_unstable_by_key(id);
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
    async fn examine(
        &self,
        mut unchecked: CheckResult,
        answer: InspectionResult,
    ) -> Result<CheckResult, inventory::Error> {
        let candidate = unchecked.claimed.candidate.as_ref();
        if candidate.is_some_and(|candidate| candidate.exchange.is_some()) {
            return Ok(self.measure_exchanged(unchecked, answer).await);
        }
        let Some(candidate) = self.offered(&mut unchecked, answer).await? else {
            return Ok(policy::candidate_later(unchecked));
        };
        if policy::replaces_without_asking(&unchecked.claimed, &candidate) {
            return Ok(policy::with_candidate(unchecked, candidate, &self.basis()));
        }
        let Some(inspection) = self.inspect_in_use(&unchecked.claimed).await else {
            return Ok(policy::candidate_later(unchecked));
        };
        let basis = self.basis();
        let result = policy::check_result(unchecked.claimed, &inspection, &basis);
        Ok(policy::with_candidate(result, candidate, &basis))
    }

    /// The same for a candidate that came from an exchange whose outcome nobody has recorded: the sweep did not get that
    /// far, or lost the app to another node.
    async fn measure_exchanged(
        &self,
        unchecked: CheckResult,
        answer: InspectionResult,
    ) -> CheckResult {
        if policy::is_judged_alone(&unchecked.claimed, &answer) {
            return policy::with_exchanged_candidate(unchecked, answer, &self.basis());
        }
        let Some(inspection) = self.inspect_in_use(&unchecked.claimed).await else {
            return policy::exchanged_later(unchecked);
        };
        let basis = self.basis();
        let result = policy::check_result(unchecked.claimed, &inspection, &basis);
        policy::with_exchanged_candidate(result, answer, &basis)
    }

    /// The candidate, exchanged if it is short-lived. `None` if Meta is to be asked about it later.
    async fn offered(
        &self,
        unchecked: &mut CheckResult,
        answer: InspectionResult,
    ) -> Result<Option<CandidateAnswer>, inventory::Error> {
        let Some(candidate) = unchecked.claimed.candidate.clone() else {
            return Ok(None);
        };
        Ok(Some(match answer {
            Ok(Inspection::Alive(facts)) if facts.is_short_lived(self.now) => {
                return self.lengthened(unchecked, candidate, facts).await;
            }
            Ok(Inspection::Alive(facts)) => CandidateAnswer::Alive(candidate.secret, facts),
            Ok(Inspection::Refused { rejection, .. }) => CandidateAnswer::Refused(rejection.cause),
            Ok(Inspection::Undecided(_)) | Err(_) => CandidateAnswer::Unknown,
        }))
    }

    /// The long-lived form of a candidate. The short-lived one if Meta gives none.
    async fn lengthened(
        &self,
        unchecked: &mut CheckResult,
        candidate: Candidate,
        facts: Facts,
    ) -> Result<Option<CandidateAnswer>, inventory::Error> {
        let tried_at = unchecked.claimed.rotation_tried_at;
        if candidate.is_exchanged && policy::is_too_soon(&facts, tried_at, self.now) {
            return Ok(Some(CandidateAnswer::ShortLived(candidate.secret, facts)));
        }
        let Some(_reserved) = self.reserve(FollowUp::Exchange(facts.kind).calls()) else {
            return Ok(None);
        };
        let attempt = Attempt {
            token: &unchecked.claimed.token,
            kind: facts.kind,
            secret: &candidate.secret,
            candidate: Some(candidate.number),
            tried_before: tried_at,
        };
        let answer = self.exchange_once(&attempt).await?;
        if !matches!(answer, ExchangeAnswer::NotMade) {
            unchecked.claimed.rotation_tried_at = Some(self.now);
            unchecked.rotation_tried_at = Some(self.now);
        }
        let longer = match answer {
            ExchangeAnswer::Obtained(_, longer) => longer,
            ExchangeAnswer::Refused => {
                return Ok(Some(CandidateAnswer::Alive(candidate.secret, facts)));
            }
            ExchangeAnswer::NotMade | ExchangeAnswer::Failed => {
                return Ok(Some(CandidateAnswer::ShortLived(candidate.secret, facts)));
            }
        };
        Ok(match self.calls.inspect_grant(&longer).await {
            Ok(Inspection::Alive(known)) if known.person == facts.person => {
                Some(CandidateAnswer::Alive(longer.secret, known))
            }
            Ok(Inspection::Alive(_) | Inspection::Refused { .. }) => {
                Some(CandidateAnswer::Alive(candidate.secret, facts))
            }
            // It is the candidate now.
            Ok(Inspection::Undecided(_)) | Err(_) => None,
        })
    }

    async fn inspect_in_use(&self, claimed: &Claimed) -> Option<InspectionResult> {
        let _reserved = self.reserve(1)?;
        let inspection = self.calls.inspect(&claimed.secret).await;
        let is_about_app = inspection.as_ref().is_err_and(policy::names_the_app);
        (!is_about_app).then_some(inspection)
    }

    /// Asks until nothing is left to ask.
    async fn complete(
        &self,
        mut result: CheckResult,
        of_candidate: Option<InspectionResult>,
    ) -> Completed {
        let mut outcome = Ok(());
        if let Some(answer) = of_candidate {
            result = match self.examine(result, answer).await {
                Ok(examined) => examined,
                Err(error) => return (None, Err(error)),
            };
        }
        while let Some(follow_up) = policy::follow_up(&result, &self.basis()) {
            let Some(_reserved) = self.reserve(follow_up.calls()) else {
                result = policy::kept_failing(result, self.now);
                break;
            };
            match self.ask(&result, follow_up).await {
                Ok(answer) => result = policy::with_answer(result, answer, &self.basis()),
                Err(error) if result.secret.is_none() => return (None, Err(error)),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        (Some(policy::concluded(result, &self.basis())), outcome)
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
