//! Whether the machine's clock can be believed: Meta says with every answer what time it is there.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Cause, Health, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrust {
    /// It agrees with Meta's, or Meta has not said yet.
    Right,
    /// It does not: tokens are checked and renewed, and no end is judged.
    Doubtful,
}

/// Beyond it Meta may refuse what we sign, and ends are told at the wrong time.
pub const ASTRAY: SignedDuration = SignedDuration::from_mins(5);

/// By how far the clock is from Meta's, as far as that is known.
pub fn clock_trust(skew: Option<SignedDuration>) -> ClockTrust {
    match skew.map(SignedDuration::abs) {
        Some(skew) if skew > ASTRAY => ClockTrust::Doubtful,
        Some(_) | None => ClockTrust::Right,
    }
}

/// What was learned by a clock that cannot be believed: everything but that an end is near, has passed, or is far. Who
/// Meta says has expired is looked at again when the clock is right.
pub fn without_judging_ends(before: &Token, after: Token, now: Timestamp) -> Token {
    let health = match (before.health, after.health) {
        (daemon_runs @ Health::Expiring { .. }, Health::Healthy | Health::Expiring { .. }) => {
            daemon_runs
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
        ) => awaiting_confirmation(known, now),
        (_, other) => other,
    };
    Token { health, ..after }
}

fn awaiting_confirmation(known: Health, now: Timestamp) -> Health {
    let (since, failures) = match known {
        Health::Failing {
            since, failures, ..
        } => (since, failures.saturating_add(1)),
        Health::Unverified
        | Health::Healthy
        | Health::Expiring { .. }
        | Health::Lacking { .. }
        | Health::Dead { .. } => (now, 1),
    };
    Health::Failing {
        since,
        failures,
        cause: Cause::Expired,
    }
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
            let diagnosed = without_judging_ends(&with(before), with(after), now());
            assert_eq!(diagnosed.health, expected, "{before:?} {after:?}");
        }
    }
}
