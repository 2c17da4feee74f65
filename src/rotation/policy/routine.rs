//! Recognises the checks that changed nothing. Most checks of a fleet do not, so they end here, without a copy of the
//! token and everything that an unusual answer needs.

use super::basis::Basis;
use super::decide::{Situation, next_question};
use super::known_answer::known_answer;
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
    let subscription = claimed.subscription.as_ref();
    Some(NextCheck {
        token: token.id,
        due_at: token.next.map(|next| next.at),
        checked_at: basis.now,
        next: next_check(token, rotation_tried_at, basis.rules, spread, basis.now),
        known_answer: known_answer(situation, subscription, basis),
    })
}

/// Whether the answer leaves facts, permissions and health as they were. Lost permissions, a refusal before, and a clock
/// in doubt are left to the whole check.
fn is_as_before(token: &Token, facts: &Facts, basis: &Basis<'_>) -> bool {
    let is_plain = token.is_alive() && token.refused.is_none() && token.permissions.lost.is_empty();
    is_plain
        && is_described_as_before(token, facts)
        && clock_trust(basis.skew) == ClockTrust::Right
        && token.missing_in(facts) == token.permissions.ungranted
        && health_of_living(token, facts, basis.rules, basis.now) == token.health
}

fn is_described_as_before(token: &Token, facts: &Facts) -> bool {
    let Some(known) = &token.facts else {
        return false;
    };
    known == facts || facts.clone().completed_by(known) == *known
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::model::{
        Action, AnswerDigest, Cause, CheckResult, EventId, Health, Kind, KnownAnswer, KnownToken,
        Next, OrderKind, PendingOrder, Permissions, Refused, Scopes,
    };
    use crate::rotation::Rules;
    use crate::rotation::policy::fixtures::*;
    use crate::rotation::policy::{
        after_known_answer, check_result, concluded, expected, follow_up,
    };

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
            scopes: Some(Scopes::parse("email something_else")),
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

    /// The same token at its next check, as it is stored by then.
    fn again(result: &CheckResult, at: Timestamp) -> (Claimed, KnownToken, KnownAnswer) {
        let answer = result.known_answer.unwrap();
        let mut claimed = result.claimed.clone();
        claimed.token = result.after.clone();
        claimed.pending_order = None;
        claimed.candidate = None;
        claimed.rotation_tried_at = result.rotation_tried_at;
        claimed.token.next = claimed.token.next.map(|next| Next { at, ..next });
        let known = KnownToken {
            id: claimed.token.id,
            secret: claimed.secret.clone(),
            due_at: at,
            answer,
        };
        (claimed, known, answer)
    }

    #[test]
    fn as_long_as_an_answer_is_known_the_whole_check_would_find_nothing_else() {
        let plain = rules();
        let listening = Rules {
            subscribed_fields: Scopes::parse("messages"),
            ..rules()
        };
        let mut known_answers = 0;
        for rules in [&plain, &listening] {
            for (mut claimed, answer) in cases() {
                claimed.answer = Some(AnswerDigest(1));
                let checked = concluded(
                    check_result(claimed.clone(), &answer, &basis(rules)),
                    &basis(rules),
                );
                let Some(KnownAnswer { until, .. }) = checked.known_answer else {
                    continue;
                };
                known_answers += 1;
                let week = now() + days(7);
                let last = until - SignedDuration::from_secs(1);
                for (at, skew) in [now(), week.min(last), last]
                    .into_iter()
                    .flat_map(|at| [None, Some(days(-40)), Some(days(40))].map(|skew| (at, skew)))
                {
                    let basis = Basis {
                        now: at,
                        skew,
                        rules,
                    };
                    let (claimed, known, _) = again(&checked, at);
                    let whole = check_result(claimed, &answer, &basis);
                    assert_eq!(follow_up(&whole, &basis), None, "{whole:?}");
                    let whole = concluded(whole, &basis);
                    assert!(whole.is_routine(), "{whole:?}");
                    let found = after_known_answer(&known, &basis);
                    assert_eq!((found.next, found.due_at), (whole.after.next, Some(at)));
                }
            }
        }
        assert!(known_answers >= 20, "{known_answers}");
    }

    #[test]
    fn other_rules_judge_every_answer_again() {
        let answer = KnownAnswer {
            digest: AnswerDigest(7),
            until: now(),
        };
        let stricter = Rules {
            scopes: Scopes::parse("ads_read"),
            ..rules()
        };
        let [before, after] = [rules(), stricter].map(|rules| expected(answer, rules.digest()));
        assert_ne!(before, after);
    }
}
