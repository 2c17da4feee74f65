//! Whether the machine's clock can be trusted, compared with the time that Meta sends in every answer.

use jiff::{SignedDuration, Timestamp};

use super::learn::failing_on;
use crate::model::{Cause, Health, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrust {
    /// It agrees with Meta's clock, or Meta's time is not known yet.
    Right,
    /// It disagrees: tokens are still checked and renewed, but no expiry is judged.
    Doubtful,
}

/// With a larger skew, Meta may refuse what we sign, and people would be warned at the wrong time.
pub const LARGEST_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Judges the clock by its skew from Meta's, if the skew is known.
pub fn clock_trust(skew: Option<SignedDuration>) -> ClockTrust {
    match skew.map(SignedDuration::abs) {
        Some(skew) if skew > LARGEST_SKEW => ClockTrust::Doubtful,
        Some(_) | None => ClockTrust::Right,
    }
}

/// Removes from a check result what depends on a clock that cannot be trusted: that an expiry is near, far or past. A
/// token that Meta calls expired is checked again once the clock is right. One whose checks have failed may have been
/// about to expire before, so it is not called healthy if it expires soon by this clock or by Meta's.
pub fn without_judging_ends(
    before: &Token,
    after: Token,
    by_metas_clock: Health,
    now: Timestamp,
) -> Token {
    let is_expiring = |health: &Health| matches!(health, Health::Expiring { .. });
    let may_expire = [after.health, by_metas_clock].iter().any(is_expiring);
    let health = match (before.health, after.health) {
        (alive @ Health::Expiring { .. }, Health::Healthy | Health::Expiring { .. }) => alive,
        (failing @ Health::Failing { .. }, Health::Healthy | Health::Expiring { .. })
            if may_expire =>
        {
            failing
        }
        (_, Health::Expiring { .. }) => Health::Healthy,
        (
            Health::Dead {
                cause: Cause::Expired,
                ..
            },
            dead,
        ) => dead,
        (
            known,
            Health::Dead {
                cause: Cause::Expired,
                ..
            },
        ) => failing_on(known, Cause::Expired, now),
        (_, other) => other,
    };
    Token { health, ..after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::policy::fixtures::*;

    #[test]
    fn a_clock_is_doubtful_beyond_five_minutes() {
        let trust = |minutes: i64| clock_trust(Some(SignedDuration::from_mins(minutes)));
        assert_eq!(clock_trust(None), ClockTrust::Right);
        assert_eq!(
            (trust(5), trust(-5)),
            (ClockTrust::Right, ClockTrust::Right)
        );
        assert_eq!(trust(6), ClockTrust::Doubtful);
        assert_eq!(trust(-60 * 24 * 60), ClockTrust::Doubtful);
    }

    #[test]
    fn no_end_is_judged_and_everything_else_is() {
        let expiring = Health::Expiring {
            cause: Cause::ExpiresSoon,
        };
        let dead = |cause| Health::Dead {
            since: now(),
            cause,
        };
        let unsure = Health::Failing {
            since: now(),
            failures: 1,
            cause: Cause::Expired,
        };
        for (before, after, expected) in [
            (Health::Healthy, expiring, Health::Healthy),
            (expiring, Health::Healthy, expiring),
            (dead(Cause::Expired), expiring, Health::Healthy),
            (Health::Healthy, dead(Cause::Expired), unsure),
            (
                dead(Cause::Expired),
                dead(Cause::Expired),
                dead(Cause::Expired),
            ),
            (
                Health::Healthy,
                dead(Cause::PasswordChanged),
                dead(Cause::PasswordChanged),
            ),
        ] {
            let with = |health| Token {
                health,
                ..token(Some(facts(Some(9), None)))
            };
            let diagnosed = without_judging_ends(&with(before), with(after), after, now());
            assert_eq!(diagnosed.health, expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_token_that_may_have_been_about_to_expire_before_its_checks_failed_is_not_healthy() {
        let expiring = Health::Expiring {
            cause: Cause::ExpiresSoon,
        };
        let failing = Health::Failing {
            since: now(),
            failures: 3,
            cause: Cause::Unexplained,
        };
        let healthy = Health::Healthy;
        for (before, ours, metas, expected) in [
            (failing, expiring, expiring, failing),
            (failing, expiring, healthy, failing),
            (failing, healthy, expiring, failing),
            (failing, healthy, healthy, healthy),
            (Health::Unverified, healthy, expiring, healthy),
        ] {
            let with = |health| Token {
                health,
                ..token(Some(facts(Some(9), None)))
            };
            let judged = without_judging_ends(&with(before), with(ours), metas, now());
            assert_eq!(judged.health, expected, "{before:?} {ours:?} {metas:?}");
        }
    }
}
