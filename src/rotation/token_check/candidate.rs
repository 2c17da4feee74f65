//! Decides whether a candidate may replace the secret in use.

use super::{CANDIDATE_AGAIN, InspectedCandidate, TokenCheck};
use crate::graph_api::Inspection;
use crate::inventory::{Candidate, CheckedCandidate};
use crate::model::{Event, Facts, Mismatch, OrderKind, Refusal, Scopes};
use crate::rotation::app_health::names_the_app;
use crate::rotation::policy;
use crate::rotation::sweep_context::SweepContext;
use crate::secret::Secret;

impl TokenCheck {
    /// Swaps in a candidate that is at least as good as the secret in use, after exchanging it if it is short-lived. If
    /// the last known facts of the secret in use are enough to decide that, Meta is not asked about it again.
    pub(super) async fn try_candidate(&mut self, context: &SweepContext<'_>) {
        let Some(InspectedCandidate { candidate, inspect }) = self.candidate.take() else {
            return;
        };
        let Candidate {
            number,
            secret,
            accepts_fewer,
        } = candidate;
        let is_short = |facts: &Facts| facts.is_short_lived(context.now);
        if matches!(&inspect, Ok(Inspection::Alive(facts)) if is_short(facts))
            && !context.session.may_call()
        {
            self.confirm_after = Some(CANDIDATE_AGAIN);
            return;
        }
        let candidate_id = secret.clone();
        let alive = match &inspect {
            Ok(Inspection::Alive(facts)) => {
                Some(context.session.lengthened(secret, facts.clone()).await)
            }
            Ok(Inspection::Refused { .. } | Inspection::Undecided(_)) | Err(_) => None,
        };
        let suits = |(_, facts): &(Secret, Facts)| self.mismatch(facts, accepts_fewer).is_none();
        let suits = self.before.facts.is_some() && alive.as_ref().is_some_and(suits);
        if !suits && !self.inspect_current(context).await {
            self.confirm_after = Some(CANDIDATE_AGAIN);
            return;
        }
        match (alive, inspect) {
            (Some((secret, facts)), _) => match self.mismatch(&facts, accepts_fewer) {
                Some(mismatch) => self.reject_candidate(number, Refusal::Mismatch(mismatch)),
                None => {
                    self.checked_candidate = Some(CheckedCandidate {
                        number,
                        refusal: None,
                    });
                    self.is_irreplaceable = secret != candidate_id;
                    let expires_at = facts.expires_at.at();
                    self.record(Event::CandidateAccepted { expires_at });
                    if accepts_fewer {
                        self.do_without(&facts);
                    }
                    self.accept(secret, facts, context);
                }
            },
            (None, Ok(Inspection::Refused { rejection, .. })) => {
                let cause = rejection.cause;
                self.reject_candidate(number, Refusal::Refused { cause });
            }
            (None, _) => self.confirm_after = Some(CANDIDATE_AGAIN),
        }
    }

    /// Asks Meta about the secret in use, since it may stay. Returns whether that was possible.
    async fn inspect_current(&mut self, context: &SweepContext<'_>) -> bool {
        if !context.session.may_call() {
            return false;
        }
        let inspect = context.session.inspect(&self.secret).await;
        if inspect.as_ref().is_err_and(names_the_app) {
            return false;
        }
        self.learn(&inspect, context);
        true
    }

    fn mismatch(&self, facts: &Facts, accepts_fewer: bool) -> Option<Mismatch> {
        match policy::check_replacement(&self.after, facts) {
            Some(Mismatch::FewerScopes { .. }) if accepts_fewer => {}
            Some(mismatch) => return Some(mismatch),
            None => {}
        }
        // An operator ordered a rollback, so an earlier expiry is accepted.
        let rollback = self
            .pending_order
            .is_some_and(|pending_order| pending_order.order == OrderKind::Rollback);
        let earlier = !rollback && policy::ends_earlier(&self.after, facts);
        earlier.then_some(Mismatch::EndsEarlier)
    }

    /// An operator accepted fewer permissions, so those that the new token lacks do not count as lost.
    fn do_without(&mut self, facts: &Facts) {
        self.after.permissions.lost = Scopes::default();
        self.after.facts = Some(facts.clone());
    }

    fn reject_candidate(&mut self, number: u32, why: Refusal) {
        self.checked_candidate = Some(CheckedCandidate {
            number,
            refusal: Some(why.clone()),
        });
        self.record(Event::CandidateRefused { why });
    }
}
