//! Decides whether a candidate may replace the secret in use.

use super::basis::Basis;
use super::check_result::{candidate_later, with_secret};
use super::replacement::{check_replacement, ends_earlier};
use crate::model::{
    Candidate, Cause, CheckResult, CheckedCandidate, Claimed, Event, Facts, Mismatch, OrderKind,
    Outcome, Refusal, Rotation, Scopes, Token,
};
use crate::secret::Secret;

/// What Meta says about a candidate.
#[derive(Clone, Debug)]
pub enum CandidateAnswer {
    /// With its long-lived form, if it was short-lived and could be exchanged.
    Alive(Secret, Facts),
    Refused(Cause),
    /// No usable answer: the candidate is tried again soon.
    Unknown,
}

/// Whether the last known facts of the secret in use are enough to accept the candidate, so that Meta is not asked about
/// it again.
pub fn replaces_without_asking(claimed: &Claimed, answer: &CandidateAnswer) -> bool {
    let (Some(candidate), CandidateAnswer::Alive(_, facts)) = (&claimed.candidate, answer) else {
        return false;
    };
    claimed.token.facts.is_some() && mismatch(&claimed.token, claimed, candidate, facts).is_none()
}

/// Swaps in a candidate that is at least as good as the secret in use, which `result` describes.
pub fn with_candidate(
    mut result: CheckResult,
    answer: CandidateAnswer,
    basis: &Basis<'_>,
) -> CheckResult {
    let Some(candidate) = result.claimed.candidate.clone() else {
        return result;
    };
    let (secret, facts) = match answer {
        CandidateAnswer::Alive(secret, facts) => (secret, facts),
        CandidateAnswer::Refused(cause) => {
            return without_candidate(result, &candidate, Refusal::Refused { cause });
        }
        CandidateAnswer::Unknown => return candidate_later(result),
    };
    if let Some(mismatch) = mismatch(&result.after, &result.claimed, &candidate, &facts) {
        return without_candidate(result, &candidate, Refusal::Mismatch(mismatch));
    }
    result.checked_candidate = Some(CheckedCandidate {
        number: candidate.number,
        refusal: None,
    });
    // What Meta refused to renew was the secret before.
    let refused = |rotation: &Rotation| rotation.outcome == Outcome::Refused;
    result.after.last_rotation = result.after.last_rotation.filter(|last| !refused(last));
    let expires_at = facts.expires_at.at();
    result.events.push(Event::CandidateAccepted { expires_at });
    if candidate.accepts_fewer {
        // Those that the new token lacks do not count as lost.
        result.after.permissions.lost = Scopes::default();
        result.after.facts = Some(facts.clone());
    }
    with_secret(result, secret, facts, basis)
}

fn without_candidate(mut result: CheckResult, candidate: &Candidate, why: Refusal) -> CheckResult {
    result.checked_candidate = Some(CheckedCandidate {
        number: candidate.number,
        refusal: Some(why.clone()),
    });
    result.events.push(Event::CandidateRefused { why });
    result
}

/// Why the candidate, with these facts, may not replace the secret that `in_use` describes.
fn mismatch(
    in_use: &Token,
    claimed: &Claimed,
    candidate: &Candidate,
    facts: &Facts,
) -> Option<Mismatch> {
    match check_replacement(in_use, facts) {
        Some(Mismatch::FewerScopes { .. }) if candidate.accepts_fewer => {}
        Some(mismatch) => return Some(mismatch),
        None => {}
    }
    // An operator ordered a rollback, so an earlier expiry is accepted.
    let earlier = !claimed.is_ordered(OrderKind::Rollback) && ends_earlier(in_use, facts);
    earlier.then_some(Mismatch::EndsEarlier)
}
