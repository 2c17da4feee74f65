//! What an exchange has brought: measured from Meta's descriptions before and after, and swapped in only if it lasts longer.

use super::InspectionResult;
use super::basis::Basis;
use super::check_result::{candidate_later, with_secret};
use super::exchange::{SameSecret, measure};
use crate::graph_api::Inspection;
use crate::model::{CheckResult, Claimed, Event, ExchangeId, Outcome, Rotation};
use crate::secret::Secret;

/// The check after an exchange that brought a secret, which is stored as a candidate. Without a clear description of it,
/// the candidate stays, and is examined again soon.
pub(super) fn with_exchanged(
    mut result: CheckResult,
    exchange: ExchangeId,
    secret: Secret,
    inspection: InspectionResult,
    basis: &Basis<'_>,
) -> CheckResult {
    result.asked.exchanged = true;
    if is_unclear(&inspection) {
        return exchanged_later(result);
    }
    result.measured_exchange = Some(exchange);
    let same = if secret == *result.secret() {
        SameSecret::Yes
    } else {
        SameSecret::No
    };
    let outcome = measure(&result.after, same, &inspection);
    // The one in use may have died since, while the other lives as long as it would have.
    let replaces =
        outcome == Outcome::Renewed || outcome == Outcome::SameExpiry && result.after.is_dead();
    if let (true, Ok(Inspection::Alive(facts))) = (replaces, inspection) {
        result.after.rotated_at = Some(basis.now);
        result = with_secret(result, secret, facts, basis);
    }
    with_outcome(result, outcome, basis)
}

const fn is_unclear(inspection: &InspectionResult) -> bool {
    match inspection {
        Ok(Inspection::Alive(_) | Inspection::Refused { .. }) => false,
        Ok(Inspection::Undecided(_)) | Err(_) => true,
    }
}

/// The order, if there is one, stays until the outcome is known.
pub fn exchanged_later(result: CheckResult) -> CheckResult {
    CheckResult {
        order_done: None,
        ..candidate_later(result)
    }
}

/// The check with the outcome of an exchange, and its event.
pub(super) fn with_outcome(
    mut result: CheckResult,
    outcome: Outcome,
    basis: &Basis<'_>,
) -> CheckResult {
    let at = basis.now;
    result.after.last_rotation = Some(Rotation { outcome, at });
    let facts = result.after.facts.as_ref();
    let expires_at = facts.and_then(|facts| facts.expires_at.at());
    result.events.push(Event::Rotated {
        outcome,
        expires_at,
    });
    result
}

/// Whether the candidate of an exchange can be judged by what is known of the secret in use: it replaces it, or nothing
/// is known about the candidate yet.
pub fn is_judged_alone(claimed: &Claimed, inspection: &InspectionResult) -> bool {
    let outcome = measure(&claimed.token, SameSecret::No, inspection);
    is_unclear(inspection) || outcome == Outcome::Renewed
}

/// The check of a token whose candidate came from an exchange that an earlier sweep, or another node, did not measure.
pub fn with_exchanged_candidate(
    result: CheckResult,
    inspection: InspectionResult,
    basis: &Basis<'_>,
) -> CheckResult {
    let candidate = result.claimed.candidate.clone();
    match candidate.and_then(|of| of.exchange.map(|exchange| (exchange, of.secret))) {
        Some((exchange, secret)) => with_exchanged(result, exchange, secret, inspection, basis),
        None => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_api::Error;
    use crate::model::{Cause, EventId, Facts, Health, OrderKind, PendingOrder, Token};
    use crate::rotation::policy::fixtures::*;

    const EXCHANGE: ExchangeId = ExchangeId(3);

    fn of(token: Token) -> CheckResult {
        let mut claimed = claimed(token);
        claimed.candidate = Some(candidate(Some(EXCHANGE)));
        claimed.pending_order = Some(PendingOrder {
            order: OrderKind::Rotate,
            event: EventId(1),
        });
        CheckResult::new(claimed, now())
    }

    fn ends_in(days: i64) -> InspectionResult {
        Ok(Inspection::Alive(facts(Some(days), None)))
    }

    fn no_answer() -> InspectionResult {
        Err(Error::Unreachable("reset".into()))
    }

    fn dead() -> Token {
        Token {
            health: Health::Dead {
                since: now(),
                cause: Cause::SessionEnded,
            },
            ..token(Some(facts(Some(20), None)))
        }
    }

    #[test]
    fn only_what_lasts_longer_or_is_all_that_is_left_is_put_in_use() {
        let alive = || token(Some(facts(Some(20), None)));
        let of_another = Ok(Inspection::Alive(Facts {
            subject: "8".to_owned(),
            ..facts(Some(60), None)
        }));
        use Outcome::{Failed, Renewed, SameExpiry};
        for (what, token, inspection, outcome, replaces) in [
            ("later", alive(), ends_in(60), Renewed, true),
            ("the same end", alive(), ends_in(20), SameExpiry, false),
            ("the other died", dead(), ends_in(20), SameExpiry, true),
            (
                "refused",
                alive(),
                refused(Cause::SessionEnded),
                Failed,
                false,
            ),
            ("of another person", dead(), of_another, Failed, false),
        ] {
            let rules = rules();
            let result = with_exchanged_candidate(of(token), inspection, &basis(&rules));
            let found = result.after.last_rotation.map(|rotation| rotation.outcome);
            assert_eq!(found, Some(outcome), "{what}");
            assert_eq!(result.secret.is_some(), replaces, "{what}");
            assert_eq!(result.after.rotated_at.is_some(), replaces, "{what}");
            assert_eq!(result.measured_exchange, Some(EXCHANGE), "{what}");
            assert_eq!(result.order_done, Some(EventId(1)), "{what}");
            assert_eq!(result.events.len(), 1, "{what}");
        }
    }

    #[test]
    fn what_meta_does_not_describe_stays_and_is_asked_about_soon() {
        let rules = rules();
        let token = token(Some(facts(Some(20), None)));
        let result = with_exchanged_candidate(of(token), no_answer(), &basis(&rules));
        assert_eq!((result.measured_exchange, result.order_done), (None, None));
        assert!(result.retry_after.is_some() && result.events.is_empty());
        assert!(result.asked.exchanged, "it is not exchanged again");
        assert_eq!(result.after.last_rotation, None);
    }

    #[test]
    fn the_secret_in_use_is_asked_about_only_if_it_may_stay() {
        let claimed = of(token(Some(facts(Some(20), None)))).claimed;
        for (inspection, expected) in [
            (ends_in(60), true),
            (ends_in(20), false),
            (refused(Cause::SessionEnded), false),
            (no_answer(), true),
        ] {
            assert_eq!(is_judged_alone(&claimed, &inspection), expected);
        }
    }
}
