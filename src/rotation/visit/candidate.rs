//! A secret that somebody handed in, and whether it may take the place of the one in use.

use serde_json::Value;

use super::Visit;
use super::words::{end_of, in_words};
use crate::graph_api::Inspection;
use crate::inventory::{self, Candidate, EventKind, Order};
use crate::rotation::desk::Desk;
use crate::rotation::policy::{self, Objection};
use crate::secret::Secret;
use crate::token::Facts;

impl Visit {
    /// A secret that somebody handed in is asked about, lengthened if it is short-lived, and swapped in if it is at
    /// least as good as the one in use.
    pub(super) async fn try_candidate(&mut self, desk: &Desk<'_>) -> Result<(), inventory::Error> {
        let Some(Candidate {
            number,
            secret,
            accepts_fewer,
        }) = self.candidate.take()
        else {
            return Ok(());
        };
        let facts = match desk.look(&secret).await {
            Ok(Inspection::Alive(facts)) => facts,
            Ok(Inspection::Refused { refusal, .. }) => {
                self.refuse_candidate(number, &[("cause", refusal.cause.word().into())]);
                return Ok(());
            }
            Ok(Inspection::Undecided(_)) | Err(_) => {
                self.candidate_waits = true;
                return Ok(());
            }
        };
        let (secret, facts) = lengthened(secret, facts, desk).await;
        match self.objection(&facts, accepts_fewer) {
            Some(objection) => self.refuse_candidate(number, &objection),
            None => {
                self.judged_candidate = Some(number);
                self.tell(EventKind::CandidateAccepted, &end_of(&facts));
                self.adopt(secret, facts, desk);
            }
        }
        Ok(())
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
