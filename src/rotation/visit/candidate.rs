//! A secret that somebody handed in, and whether it may take the place of the one in use.

use serde_json::Value;

use super::words::{end_of, in_words};
use super::{CANDIDATE_AGAIN, Offered, Visit};
use crate::graph_api::Inspection;
use crate::inventory::{Candidate, EventKind, Order};
use crate::rotation::app::names_the_app;
use crate::rotation::desk::Desk;
use crate::rotation::policy::{self, Objection};
use crate::secret::Secret;
use crate::token::{Facts, Scopes};

impl Visit {
    /// A secret that somebody handed in, lengthened if it is short-lived, is swapped in if it is at least as good as the
    /// one in use. Where that is so by what Meta said last of the one in use, nobody need ask about that any more.
    pub(super) async fn try_candidate(&mut self, desk: &Desk<'_>) {
        let Some(Offered { candidate, look }) = self.candidate.take() else {
            return;
        };
        let Candidate {
            number,
            secret,
            accepts_fewer,
        } = candidate;
        let is_short = |facts: &Facts| policy::is_short_lived(facts, desk.now);
        if matches!(&look, Ok(Inspection::Alive(facts)) if is_short(facts)) && !desk.may_call() {
            self.look_again_after = Some(CANDIDATE_AGAIN);
            return;
        }
        let offered = secret.clone();
        let alive = match &look {
            Ok(Inspection::Alive(facts)) => Some(lengthened(secret, facts.clone(), desk).await),
            Ok(Inspection::Refused { .. } | Inspection::Undecided(_)) | Err(_) => None,
        };
        let suits = |(_, facts): &(Secret, Facts)| self.objection(facts, accepts_fewer).is_none();
        let suits = self.before.facts.is_some() && alive.as_ref().is_some_and(suits);
        if !suits && !self.look_at_the_one_in_use(desk).await {
            self.look_again_after = Some(CANDIDATE_AGAIN);
            return;
        }
        match (alive, look) {
            (Some((secret, facts)), _) => match self.objection(&facts, accepts_fewer) {
                Some(objection) => self.refuse_candidate(number, &objection),
                None => {
                    self.judged_candidate = Some(number);
                    self.is_irreplaceable = secret != offered;
                    self.tell(EventKind::CandidateAccepted, &end_of(&facts));
                    if accepts_fewer {
                        self.do_without(&facts);
                    }
                    self.adopt(secret, facts, desk);
                }
            },
            (None, Ok(Inspection::Refused { refusal, .. })) => {
                self.refuse_candidate(number, &[("cause", refusal.cause.word().into())]);
            }
            (None, _) => self.look_again_after = Some(CANDIDATE_AGAIN),
        }
    }

    /// What is in use may stay so: whether it was possible to ask about it.
    async fn look_at_the_one_in_use(&mut self, desk: &Desk<'_>) -> bool {
        if !desk.may_call() {
            return false;
        }
        let look = desk.look(&self.secret).await;
        if look.as_ref().is_err_and(names_the_app) {
            return false;
        }
        self.learn(&look, desk);
        true
    }

    fn objection(&self, facts: &Facts, accepts_fewer: bool) -> Option<Vec<(&'static str, Value)>> {
        match policy::object(&self.after, facts) {
            Some(Objection::FewerScopes { .. }) if accepts_fewer => {}
            Some(objection) => return Some(in_words(&objection)),
            None => {}
        }
        // A rollback is an operator's word, whatever the ends.
        let rollback = self
            .errand
            .is_some_and(|errand| errand.order == Order::Rollback);
        let earlier = !rollback && policy::ends_earlier(&self.after, facts);
        earlier.then(|| vec![("objection", "it ends before the one in use".into())])
    }

    /// An operator said that fewer permissions will do: what the new token does not have is not lost.
    fn do_without(&mut self, facts: &Facts) {
        self.after.permissions.lost = Scopes::default();
        self.after.facts = Some(facts.clone());
    }

    fn refuse_candidate(&mut self, number: u32, why: &[(&'static str, Value)]) {
        self.judged_candidate = Some(number);
        self.tell(EventKind::CandidateRefused, why);
    }
}

/// A short-lived user token is exchanged for a long-lived one before it is stored; if that fails it is judged as it is.
async fn lengthened(secret: Secret, facts: Facts, desk: &Desk<'_>) -> (Secret, Facts) {
    if !policy::is_short_lived(&facts, desk.now) {
        return (secret, facts);
    }
    let Ok(longer) = desk.exchange(facts.kind, &secret).await else {
        return (secret, facts);
    };
    match desk.look(&longer).await {
        Ok(Inspection::Alive(longer_facts)) => (longer, longer_facts),
        Ok(Inspection::Refused { .. } | Inspection::Undecided(_)) | Err(_) => (secret, facts),
    }
}
