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
    /// In its long-lived form, if it was short-lived and could be exchanged.
    Alive(Secret, Facts),
    /// A short-lived one that may still be exchanged while it lives.
    ShortLived(Secret, Facts),
    Refused(Cause),
    /// No usable answer: the candidate is tried again soon.
    Unknown,
}

/// Whether the last known facts of the secret in use are enough to accept the candidate, so that Meta is not asked about
/// it again.
pub fn replaces_without_asking(claimed: &Claimed, answer: &CandidateAnswer) -> bool {
    let (CandidateAnswer::Alive(_, facts) | CandidateAnswer::ShortLived(_, facts)) = answer else {
        return false;
    };
    let Some(candidate) = &claimed.candidate else {
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
    let may_last = matches!(answer, CandidateAnswer::ShortLived(..));
    let (secret, facts) = match answer {
        CandidateAnswer::Alive(secret, facts) | CandidateAnswer::ShortLived(secret, facts) => {
            (secret, facts)
        }
        CandidateAnswer::Refused(cause) => {
            return without_candidate(result, &candidate, Refusal::Refused { cause });
        }
        CandidateAnswer::Unknown => return candidate_later(result),
    };
    match mismatch(&result.after, &result.claimed, &candidate, &facts) {
        // What it can be exchanged for may last longer.
        Some(Mismatch::EndsEarlier) if may_last => return candidate_later(result),
        Some(mismatch) => {
            return without_candidate(result, &candidate, Refusal::Mismatch(mismatch));
        }
        None => {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, PendingOrder};
    use crate::rotation::policy::fixtures::*;

    fn with_scopes(scopes: &str) -> Facts {
        Facts {
            scopes: Some(Scopes::parse(scopes)),
            ..facts(Some(60), None)
        }
    }

    fn handed_in(accepts_fewer: bool, order: Option<OrderKind>) -> Claimed {
        let mut candidate = candidate(None);
        candidate.accepts_fewer = accepts_fewer;
        Claimed {
            candidate: Some(candidate),
            pending_order: order.map(|order| PendingOrder {
                order,
                event: EventId(1),
            }),
            ..claimed(token(Some(facts(Some(30), None))))
        }
    }

    fn alive(facts: Facts) -> CandidateAnswer {
        CandidateAnswer::Alive(Secret::new("EAA2"), facts)
    }

    /// What became of the candidate, which may be decided without asking about the secret in use.
    fn refusal(claimed: Claimed, facts: Facts) -> Option<Refusal> {
        let rules = rules();
        let answer = alive(facts);
        let at_once = replaces_without_asking(&claimed, &answer);
        let result = CheckResult::new(claimed, now());
        let result = with_candidate(result, answer, &basis(&rules));
        let checked = result.checked_candidate.unwrap();
        assert_eq!(at_once, checked.refusal.is_none());
        assert_eq!(result.secret.is_some(), checked.refusal.is_none());
        checked.refusal
    }

    #[test]
    fn fewer_permissions_are_accepted_only_if_that_was_allowed() {
        let fewer = || with_scopes("email");
        let why = refusal(handed_in(false, None), fewer());
        let missing = Scopes::parse("pages_show_list");
        let expected = Refusal::Mismatch(Mismatch::FewerScopes { missing });
        assert_eq!(why, Some(expected));
        assert_eq!(refusal(handed_in(true, None), fewer()), None);
        let other = Facts {
            subject: "8".to_owned(),
            ..with_scopes("email pages_show_list")
        };
        let why = refusal(handed_in(true, None), other);
        let is_other = |why| matches!(why, Refusal::Mismatch(Mismatch::OtherSubject { .. }));
        assert!(why.is_some_and(is_other));
    }

    #[test]
    fn an_earlier_end_is_accepted_only_as_a_rollback() {
        let earlier = || facts(Some(20), None);
        for (order, expected) in [
            (None, Some(Refusal::Mismatch(Mismatch::EndsEarlier))),
            (
                Some(OrderKind::Check),
                Some(Refusal::Mismatch(Mismatch::EndsEarlier)),
            ),
            (Some(OrderKind::Rollback), None),
        ] {
            assert_eq!(refusal(handed_in(false, order), earlier()), expected);
        }
    }

    #[test]
    fn a_short_lived_candidate_that_may_yet_last_longer_is_not_refused_for_its_end() {
        let rules = rules();
        let checked = |facts: Facts| {
            let answer = CandidateAnswer::ShortLived(Secret::new("EAA2"), facts);
            let result = CheckResult::new(handed_in(false, None), now());
            with_candidate(result, answer, &basis(&rules))
        };
        let later = checked(facts(Some(0), None));
        assert!(later.checked_candidate.is_none() && later.secret.is_none());
        assert!(later.retry_after.is_some());
        let refused = checked(with_scopes("email")).checked_candidate;
        assert!(refused.is_some_and(|checked| checked.refusal.is_some()));
        assert!(checked(facts(Some(60), None)).secret.is_some());
    }

    #[test]
    fn meta_is_asked_about_a_secret_of_which_nothing_is_known() {
        let mut unknown = handed_in(false, None);
        unknown.token = token(None);
        assert!(!replaces_without_asking(
            &unknown,
            &alive(facts(None, None))
        ));
        let known = handed_in(false, None);
        assert!(replaces_without_asking(&known, &alive(facts(None, None))));
        assert!(!replaces_without_asking(&known, &CandidateAnswer::Unknown));
    }
}
