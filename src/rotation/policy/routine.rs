//! Recognises the checks that changed nothing. Most checks of a fleet do not, so they end here, without a copy of the
//! token and everything that an unusual answer needs.

use super::check_result::Basis;
use super::decide::{Situation, next_question};
use super::learn::health_of_living;
use super::schedule::{Spread, next_check};
use super::{ClockTrust, InspectionResult, clock_trust};
use crate::graph_api::Inspection;
use crate::model::{Asked, Claimed, Facts, NextCheck, Token};

/// The next check of a token that Meta described as before, and for which nothing is left to ask or to record. `None` if
/// there may be more; then the whole check decides.
pub fn routine(
    claimed: &Claimed,
    inspection: &InspectionResult,
    basis: &Basis<'_>,
) -> Option<NextCheck> {
    let Ok(Inspection::Alive(facts)) = inspection else {
        return None;
    };
    let token = &claimed.token;
    let was_asked_for = claimed.pending_order.is_some() || claimed.candidate.is_some();
    if was_asked_for || !is_as_before(token, facts, basis) {
        return None;
    }
    let rotation_tried_at = claimed.rotation_tried_at;
    let situation = Situation {
        claimed,
        token,
        rotation_tried_at,
        asked: Asked::default(),
    };
    if next_question(situation, basis).is_some() {
        return None;
    }
    let spread = Spread::of(token.id, basis.now);
    Some(NextCheck {
        token: token.id,
        due_at: token.next.map(|next| next.at),
        checked_at: basis.now,
        next: next_check(token, rotation_tried_at, basis.rules, spread, basis.now),
    })
}

/// Whether the answer leaves facts, permissions and health as they were. Lost permissions, a refusal before, and a clock
/// in doubt are left to the whole check.
fn is_as_before(token: &Token, facts: &Facts, basis: &Basis<'_>) -> bool {
    let is_plain = token.is_alive() && token.refused.is_none() && token.permissions.lost.is_empty();
    is_plain
        && token.facts.as_ref() == Some(facts)
        && clock_trust(basis.skew) == ClockTrust::Right
        && token.missing_in(facts) == token.permissions.ungranted
        && health_of_living(token, facts, basis.rules, basis.now) == token.health
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::{
        Action, Cause, EventId, Health, Kind, Next, OrderKind, PendingOrder, Permissions, Refused,
        Scopes,
    };
    use crate::rotation::policy::fixtures::*;
    use crate::rotation::policy::{check_result, concluded, follow_up};

    /// Tokens and answers, unusual ones among them.
    fn cases() -> Vec<(Claimed, InspectionResult)> {
        let kinds = [Kind::User, Kind::Page, Kind::SystemUser];
        let ends = [None, Some(5), Some(20), Some(45)];
        let healths = [
            Health::Healthy,
            Health::Unverified,
            Health::Expiring {
                cause: Cause::ExpiresSoon,
            },
            Health::Lacking { since: now() },
            Health::Dead {
                since: now(),
                cause: Cause::Checkpoint,
            },
        ];
        let mut cases = Vec::new();
        for kind in kinds {
            for (end, health) in ends.into_iter().flat_map(|end| healths.map(|h| (end, h))) {
                let known = Facts {
                    kind,
                    ..facts(end, None)
                };
                let mut token = token(Some(known.clone()));
                token.health = health;
                token.next = Some(Next {
                    action: Action::Check,
                    at: now(),
                });
                cases.extend(answers(&known).map(|answer| (claimed(token.clone()), answer)));
                cases.extend(
                    variants(&token).map(|other| (other, Ok(Inspection::Alive(known.clone())))),
                );
            }
        }
        cases
    }

    fn answers(known: &Facts) -> impl Iterator<Item = InspectionResult> + use<> {
        let other = Facts {
            scopes: Scopes::parse("email something_else"),
            ..known.clone()
        };
        let alive = [known.clone(), other].map(|facts| Ok(Inspection::Alive(facts)));
        alive.into_iter().chain([refused(Cause::Checkpoint)])
    }

    fn variants(token: &Token) -> impl Iterator<Item = Claimed> + use<> {
        let mut ordered = claimed(token.clone());
        ordered.pending_order = Some(PendingOrder {
            order: OrderKind::Check,
            event: EventId(1),
        });
        let mut tried = claimed(token.clone());
        tried.rotation_tried_at = Some(now() - SignedDuration::from_hours(3));
        let permissions = |lost: &str, ungranted: &str| Permissions {
            lost: Scopes::parse(lost),
            ungranted: Scopes::parse(ungranted),
            ..Permissions::default()
        };
        let mut lost = claimed(token.clone());
        lost.token.permissions = permissions("ads_read", "");
        let mut granted = claimed(token.clone());
        granted.token.permissions = permissions("", "ads_read");
        let mut lacking = claimed(token.clone());
        lacking.token.required_scopes = Scopes::parse("ads_read");
        let mut refused = claimed(token.clone());
        refused.token.refused = Some(Refused {
            since: now(),
            cause: Cause::SessionEnded,
        });
        [ordered, tried, lost, granted, lacking, refused].into_iter()
    }

    #[test]
    fn a_routine_check_is_what_the_whole_check_would_have_found() {
        let rules = rules();
        let mut routines = 0;
        for skew in [None, Some(days(1))] {
            let basis = Basis {
                skew,
                ..basis(&rules)
            };
            for (claimed, answer) in cases() {
                let whole = check_result(claimed.clone(), &answer, &basis);
                let open = follow_up(&whole, &basis).is_some();
                let whole = concluded(whole, &basis);
                let found = routine(&claimed, &answer, &basis);
                if let Some(next) = found {
                    routines += 1;
                    assert!(!open && whole.is_routine(), "{claimed:?} {answer:?}");
                    assert_eq!(next, whole.next_check());
                }
                let is_plain = claimed.token.permissions.lost.is_empty() && skew.is_none();
                if is_plain && !open && whole.is_routine() && claimed.token.refused.is_none() {
                    assert_eq!(found.is_some(), claimed.token.is_alive(), "{claimed:?}");
                }
            }
        }
        assert!(routines >= 10, "{routines}");
    }
}
