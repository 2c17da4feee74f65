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
