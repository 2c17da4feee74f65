//! Most answers of Meta are the ones that it gave before. They are recognised by a digest, and need neither to be parsed
//! nor compared with the token, as long as no expiry comes near and the rules are the same.

use jiff::{SignedDuration, Timestamp};

use super::basis::Basis;
use super::decide::{Situation, next_subscription_check};
use super::exchange::rotation_due;
use super::schedule::{Spread, routine_check};
use super::{ClockTrust, clock_trust};
use crate::model::{
    AnswerDigest, Facts, Health, KnownAnswer, KnownToken, NextCheck, WebhookSubscription,
};
use crate::rotation::Rules;

/// An answer is judged anew after this time, even if it stays the same.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The answer of a check, and until when the same answer means only that the token is as before. `None` if it has to be
/// judged each time.
pub(super) fn known_answer(
    found: Situation<'_>,
    subscription: Option<&WebhookSubscription>,
    basis: &Basis<'_>,
) -> Option<KnownAnswer> {
    let digest = found.claimed.answer?;
    let until = unchanged_until(found, subscription, basis)?;
    Some(KnownAnswer {
        digest: mixed(digest, basis.rules.digest()),
        until,
    })
}

fn unchanged_until(
    found: Situation<'_>,
    subscription: Option<&WebhookSubscription>,
    basis: &Basis<'_>,
) -> Option<Timestamp> {
    let (token, rules) = (found.token, basis.rules);
    let facts = token.facts.as_ref()?;
    let is_plain = token.health == Health::Healthy
        && token.refused.is_none()
        && token.permissions.lost.is_empty();
    let has_other_secret = found.asked.exchanged || found.asked.derived;
    let is_in_doubt = clock_trust(basis.skew) == ClockTrust::Doubtful;
    if !is_plain || has_other_secret || is_in_doubt {
        return None;
    }
    let subscription = next_subscription_check(facts, subscription, rules);
    let rotation = rotation_due(token, found.rotation_tried_at, rules);
    let ends = [
        basis.now.checked_add(LONGEST).ok(),
        calm_until(facts, rules),
        rotation.and_then(|due| due.checked_sub(rules.check_every).ok()),
        Some(subscription),
    ];
    let until = ends.into_iter().flatten().min()?;
    (until > basis.now).then_some(until)
}

/// Until then, the next check comes after a whole interval, and is neither a warning nor a renewal.
fn calm_until(facts: &Facts, rules: &Rules) -> Option<Timestamp> {
    let nearest = rules.warn_before.max(rules.rotate_before_expiry) + rules.check_every;
    // As the expiry comes near, checks come after a quarter of the time left.
    let margin = nearest.max(rules.check_every * 5);
    let deadline = facts.deadline()?;
    Some(deadline.checked_sub(margin).unwrap_or(Timestamp::MIN))
}

/// The digest that Meta's answer has if it is the known one, provided that the rules are still those of `rules_digest`.
pub fn expected(answer: KnownAnswer, rules_digest: u64) -> AnswerDigest {
    mixed(answer.digest, rules_digest)
}

/// Twice with the same digest of the rules, this is the digest of the answer again.
const fn mixed(digest: AnswerDigest, rules_digest: u64) -> AnswerDigest {
    AnswerDigest(digest.0 ^ rules_digest.cast_signed())
}

/// The next check of a token whose answer was the known one.
pub fn after_known_answer(token: &KnownToken, basis: &Basis<'_>) -> NextCheck {
    let spread = Spread::of(token.id, basis.now);
    NextCheck {
        token: token.id,
        due_at: Some(token.due_at),
        checked_at: basis.now,
        next: Some(routine_check(basis.rules, spread, basis.now)),
        known_answer: Some(token.answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, CheckResult, Kind, Refused, Scopes, Subscription, Token, TokenId};
    use crate::rotation::policy::fixtures::*;
    use crate::secret::Secret;

    const DIGEST: AnswerDigest = AnswerDigest(0x1234_5678);

    fn found(token: Token) -> CheckResult {
        let mut claimed = claimed(token);
        claimed.answer = Some(DIGEST);
        CheckResult::new(claimed, now())
    }

    /// For how long the same answer says nothing new.
    fn calm(result: &CheckResult, rules: &Rules) -> Option<SignedDuration> {
        let subscription = result.claimed.subscription.as_ref();
        let known = known_answer(Situation::of(result), subscription, &basis(rules));
        known.map(|known| known.until.duration_since(now()))
    }

    #[test]
    fn an_answer_is_known_until_something_comes_near() {
        let imported_now = Token {
            imported_at: now(),
            ..token(Some(probed()))
        };
        for (what, token, rules, expected) in [
            ("no end", token(Some(facts(None, None))), rules(), days(30)),
            (
                "a far end",
                token(Some(facts(Some(200), None))),
                rules(),
                days(30),
            ),
            (
                "a renewal",
                token(Some(facts(Some(50), None))),
                rules(),
                days(19),
            ),
            (
                "a warning",
                token(Some(facts(None, Some(40)))),
                rules(),
                days(9),
            ),
            (
                "a renewal of unknown end",
                imported_now,
                always(),
                SignedDuration::from_mins(10),
            ),
        ] {
            assert_eq!(calm(&found(token), &rules), Some(expected), "{what}");
        }
        let long = Rules {
            check_every: days(10),
            ..rules()
        };
        let ends = token(Some(facts(None, Some(70))));
        // As an end comes near, the checks come after a quarter of the time left.
        assert_eq!(calm(&found(ends), &long), Some(days(20)));
        let soon = found(token(Some(facts(None, Some(31)))));
        assert_eq!(calm(&soon, &rules()), None);
        let of_nothing = CheckResult::new(claimed(token(Some(facts(None, None)))), now());
        assert_eq!(calm(&of_nothing, &rules()), None, "no digest");
    }

    #[test]
    fn the_next_check_of_a_subscription_ends_it() {
        let page = Facts {
            kind: Kind::Page,
            scopes: Some(Scopes::parse("pages_messaging pages_manage_metadata")),
            ..facts(None, None)
        };
        let rules = Rules {
            subscribed_fields: Scopes::parse("messages"),
            ..rules()
        };
        for (subscription, days_ago, expected) in [
            (Subscription::Subscribed, 6, Some(days(1))),
            (Subscription::Subscribed, 7, None),
            (Subscription::Missing, 6, None),
        ] {
            let mut result = found(token(Some(page.clone())));
            result.claimed.subscription = Some(WebhookSubscription {
                subscription,
                missing: Scopes::default(),
                asked_at: now() - days(days_ago),
            });
            assert_eq!(
                calm(&result, &rules),
                expected,
                "{subscription:?} {days_ago}"
            );
        }
    }

    #[test]
    fn what_is_not_plainly_well_is_judged_each_time() {
        type Change = fn(&mut CheckResult);
        let cases: [(&str, Change); 5] = [
            ("not healthy", |result| {
                result.after.health = Health::Expiring {
                    cause: Cause::ExpiresSoon,
                };
            }),
            ("refused once", |result| {
                result.after.refused = Some(Refused {
                    since: now(),
                    cause: Cause::SessionEnded,
                });
            }),
            ("without a permission", |result| {
                result.after.permissions.lost = Scopes::parse("email");
            }),
            ("exchanged", |result| result.asked.exchanged = true),
            ("derived", |result| result.asked.derived = true),
        ];
        for (what, change) in cases {
            let mut result = found(token(Some(facts(None, None))));
            assert!(calm(&result, &rules()).is_some());
            change(&mut result);
            assert_eq!(calm(&result, &rules()), None, "{what}");
        }
        let rules = rules();
        let in_doubt = Basis {
            skew: Some(days(1)),
            ..basis(&rules)
        };
        let result = found(token(Some(facts(None, None))));
        assert!(known_answer(Situation::of(&result), None, &in_doubt).is_none());
    }

    #[test]
    fn an_answer_is_known_only_under_the_same_rules() {
        let result = found(token(Some(facts(None, None))));
        let known = known_answer(Situation::of(&result), None, &basis(&rules())).unwrap();
        assert_eq!(expected(known, rules().digest()), DIGEST);
        assert_ne!(expected(known, always().digest()), DIGEST);
    }

    #[test]
    fn after_a_known_answer_the_token_waits_for_its_next_routine_check() {
        let rules = rules();
        let answer = KnownAnswer {
            digest: DIGEST,
            until: now() + days(3),
        };
        let known = KnownToken {
            id: TokenId(1),
            secret: Secret::new("EAA"),
            due_at: now() - days(1),
            answer,
        };
        let next = after_known_answer(&known, &basis(&rules));
        let spread = Spread::of(known.id, now());
        assert_eq!(next.token, known.id);
        assert_eq!(next.due_at, Some(known.due_at));
        assert_eq!(next.checked_at, now());
        assert_eq!(next.next, Some(routine_check(&rules, spread, now())));
        assert_eq!(next.known_answer, Some(answer));
    }
}
