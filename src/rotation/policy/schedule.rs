//! Decides when to check a token again, and for what.

use jiff::{SignedDuration, Timestamp};

use super::exchange::rotation_due;
use crate::model::{Action, Cause, Health, Next, State, Token, TokenId};
use crate::rotation::Rules;

/// Positions in an interval, from 0 to 1, so that a fleet that was imported together is neither checked nor renewed
/// together. They differ for each check, and are the same when a sweep is repeated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// The same for neighbours: they are due together, so that one call asks about them, and lie in few pages of the
    /// database.
    check: f64,
    /// A renewal is a call of its own.
    renewal: f64,
}

/// The number of tokens that are checked together: as many as one batch of calls holds.
const NEIGHBOURS: i64 = 50;

impl Spread {
    /// Of many tokens on average.
    pub(super) const MIDDLE: Self = Self {
        check: 0.5,
        renewal: 0.5,
    };

    pub(super) fn of(token: TokenId, now: Timestamp) -> Self {
        Self {
            check: position(token.0 / NEIGHBOURS, now),
            renewal: position(token.0, now),
        }
    }
}

fn position(number: i64, now: Timestamp) -> f64 {
    let mut mixed = number.unsigned_abs() ^ now.as_second().unsigned_abs().rotate_left(32);
    // The finaliser of SplitMix64: neighbouring inputs give distant outputs.
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// No token is checked more often than this, however soon it expires.
const SHORTEST: SignedDuration = SignedDuration::from_mins(5);
/// The shortest wait for a retry when a token expires soon.
const SHORTEST_RETRY: SignedDuration = SignedDuration::from_mins(1);
/// For a dead token that a person may restore without a new login.
const WHILE_DEAD: SignedDuration = SignedDuration::from_hours(24);
/// The wait before a doubtful refusal is checked again.
const SECOND_LOOK: SignedDuration = SignedDuration::from_hours(1);
/// A token is checked this long after its expiry, when it has certainly passed.
const JUST_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// When the next check is worth a call. `None` when only a new token can change anything.
pub(super) fn next_check(
    token: &Token,
    rotation_tried_at: Option<Timestamp>,
    rules: &Rules,
    spread: Spread,
    now: Timestamp,
) -> Option<Next> {
    let check = |wait: SignedDuration| Next {
        action: Action::Check,
        at: now + wait,
    };
    match token.health {
        Health::Unverified => Some(check(SignedDuration::ZERO)),
        Health::Healthy | Health::Expiring { .. } | Health::Lacking { .. } => {
            let inspect = check(until_next_check(token, rules, spread, now));
            let rotate = rotation_due(token, rotation_tried_at, rules).map(|due| Next {
                action: Action::Rotate,
                at: (due + late(rules.check_every, spread)).max(now),
            });
            Some(
                rotate
                    .filter(|rotate| rotate.at <= inspect.at)
                    .unwrap_or(inspect),
            )
        }
        Health::Failing {
            failures, cause, ..
        } => Some(check(until_retry(token, failures, cause, rules, now))),
        Health::Dead { cause, .. } => cause
            .may_lift_by_itself()
            .then(|| check(stretched(WHILE_DEAD, spread))),
    }
}

/// The latest time at which a check may be scheduled. A later one comes from a clock that was wrong, or from settings
/// that no longer apply.
pub fn latest_check(rules: &Rules, now: Timestamp) -> Timestamp {
    const TOLERANCE: SignedDuration = SignedDuration::from_mins(10);
    let retries = rules.retry_after.iter().copied();
    let longest = retries.fold(rules.check_every.max(WHILE_DEAD), SignedDuration::max);
    now.checked_add(longest + TOLERANCE)
        .unwrap_or(Timestamp::MAX)
}

/// The next check of a token whose expiries are all far away.
pub(super) fn routine_check(rules: &Rules, spread: Spread, now: Timestamp) -> Next {
    Next {
        action: Action::Check,
        at: now + stretched(rules.check_every, spread),
    }
}

/// Varies the interval by a tenth.
fn stretched(interval: SignedDuration, spread: Spread) -> SignedDuration {
    interval.mul_f64_lossy(0.9 + 0.1 * spread.check)
}

/// Delays renewals by up to a tenth of the interval, so that tokens with the same expiry are not exchanged together.
fn late(interval: SignedDuration, spread: Spread) -> SignedDuration {
    interval.mul_f64_lossy(0.1 * spread.renewal)
}

fn until_next_check(
    token: &Token,
    rules: &Rules,
    spread: Spread,
    now: Timestamp,
) -> SignedDuration {
    let routine = stretched(rules.check_every, spread);
    let Some(end) = token.deadline() else {
        return routine;
    };
    let left = now.duration_until(end);
    if left <= SignedDuration::ZERO {
        return routine;
    }
    let near_the_end = stretched(left / 4, spread)
        .max(SHORTEST)
        .min(left + JUST_AFTER);
    let first_warning = left - rules.warn_before;
    let until_warning = Some(first_warning).filter(|_| token.state() == State::Healthy);
    let until_warning = until_warning
        .filter(|wait| wait.is_positive())
        .unwrap_or(routine);
    routine
        .min(near_the_end)
        .min(until_warning + SignedDuration::from_secs(1))
}

/// The configured retry steps, capped by the time left: a token that expires soon is retried more often, not less.
fn until_retry(
    token: &Token,
    failures: u32,
    cause: Cause,
    rules: &Rules,
    now: Timestamp,
) -> SignedDuration {
    if !matches!(
        cause,
        Cause::Outage | Cause::Throttled | Cause::Unexplained | Cause::Blocked
    ) {
        return SECOND_LOOK;
    }
    let rung = (failures.max(1) as usize - 1).min(rules.retry_after.len().saturating_sub(1));
    let wait = rules.retry_after.get(rung).copied().unwrap_or(SECOND_LOOK);
    match token.deadline().map(|end| now.duration_until(end)) {
        Some(left) if left.is_positive() => wait.min((left / 4).max(SHORTEST_RETRY)),
        Some(_) | None => wait,
    }
}

trait MulLossy {
    fn mul_f64_lossy(self, factor: f64) -> Self;
}

impl MulLossy for SignedDuration {
    /// A second more or less does not matter when a check is placed within a day.
    fn mul_f64_lossy(self, factor: f64) -> Self {
        Self::try_from_secs_f64(self.as_secs_f64() * factor).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Expiry;
    use crate::rotation::policy::fixtures::*;

    impl Spread {
        const fn at(position: f64) -> Self {
            Self {
                check: position,
                renewal: position,
            }
        }
    }

    fn wait(token: &Token, tried: Option<Timestamp>) -> Option<(Action, SignedDuration)> {
        next_check(token, tried, &rules(), Spread::at(1.0), now())
            .map(|next| (next.action, now().duration_until(next.at)))
    }

    #[test]
    fn visits_come_sooner_near_a_deadline() {
        let day = SignedDuration::from_hours(24);
        for (token, expected) in [
            (token(None), Some((Action::Check, SignedDuration::ZERO))),
            (token(Some(facts(None, None))), Some((Action::Check, day))),
            (
                token(Some(facts(None, Some(60)))),
                Some((Action::Check, day)),
            ),
            (
                token(Some(facts(None, Some(2)))),
                Some((Action::Check, day / 2)),
            ),
            (
                token(Some(facts(None, Some(-3)))),
                Some((Action::Check, day)),
            ),
        ] {
            assert_eq!(wait(&token, None), expected, "{:?}", token.facts);
        }
    }

    #[test]
    fn the_first_warning_is_not_missed_by_a_day() {
        let mut near = facts(None, None);
        near.data_access_expires_at = Expiry::At(now() + days(14) + SignedDuration::from_hours(2));
        let expected = SignedDuration::from_hours(2) + SignedDuration::from_secs(1);
        assert_eq!(
            wait(&token(Some(near)), None),
            Some((Action::Check, expected))
        );
    }

    #[test]
    fn a_token_is_checked_just_after_its_expiry() {
        let mut ending = facts(None, None);
        ending.data_access_expires_at = Expiry::At(now() + SignedDuration::from_mins(2));
        assert_eq!(
            wait(&token(Some(ending)), None).unwrap().1,
            SignedDuration::from_mins(3)
        );
    }

    #[test]
    fn retries_climb_the_ladder_and_are_capped_by_the_time_left() {
        let failing = |failures, facts| Token {
            health: Health::Failing {
                since: now(),
                failures,
                cause: Cause::Outage,
            },
            ..token(Some(facts))
        };
        for (failures, minutes) in [(1, 1), (2, 5), (3, 30), (4, 120), (5, 360), (99, 360)] {
            let (_, waited) = wait(&failing(failures, facts(None, None)), None).unwrap();
            assert_eq!(
                waited,
                SignedDuration::from_mins(minutes),
                "{failures} failures"
            );
        }
        for (hours_left, expected) in [(4, 1), (-4, 6)] {
            let mut ending = facts(None, None);
            ending.expires_at = Expiry::At(now() + SignedDuration::from_hours(hours_left));
            let (_, waited) = wait(&failing(9, ending), None).unwrap();
            assert_eq!(waited, SignedDuration::from_hours(expected), "{hours_left}");
        }
    }

    #[test]
    fn the_dead_cost_calls_only_if_a_person_can_lift_the_cause_elsewhere() {
        for (cause, outcomes) in [
            (Cause::Checkpoint, true),
            (Cause::PageRoleLost, true),
            (Cause::PermissionMissing, true),
            (Cause::PasswordChanged, false),
            (Cause::Expired, false),
            (Cause::Unreadable, false),
            (Cause::WrongApp, false),
        ] {
            let health = Health::Dead {
                since: now(),
                cause,
            };
            let dead = Token {
                health,
                ..token(Some(facts(None, None)))
            };
            assert_eq!(wait(&dead, None).is_some(), outcomes, "{cause}");
        }
    }

    #[test]
    fn no_check_is_scheduled_beyond_the_latest() {
        let latest = latest_check(&rules(), now());
        for health in [
            Health::Healthy,
            Health::Failing {
                since: now(),
                failures: 99,
                cause: Cause::Outage,
            },
            Health::Failing {
                since: now(),
                failures: 1,
                cause: Cause::SessionEnded,
            },
            Health::Dead {
                since: now(),
                cause: Cause::Checkpoint,
            },
        ] {
            for end in [None, Some(-3), Some(20), Some(31), Some(400)] {
                let token = Token {
                    health,
                    ..token(Some(facts(end, None)))
                };
                let next = next_check(&token, None, &rules(), Spread::at(1.0), now()).unwrap();
                assert!(next.at <= latest, "{health:?} {end:?}");
            }
        }
    }

    #[test]
    fn a_fleet_is_spread() {
        let token = token(Some(facts(None, None)));
        let at = |spread| {
            next_check(&token, None, &rules(), Spread::at(spread), now())
                .unwrap()
                .at
        };
        assert!(at(0.0) < at(0.5) && at(0.5) < at(1.0));
        assert!(at(0.0) >= now() + SignedDuration::from_hours(21));
        let spreads = |ids: std::ops::Range<i64>| ids.map(|id| Spread::of(TokenId(id), now()));
        let renewals: Vec<f64> = spreads(1..1001).map(|spread| spread.renewal).collect();
        let checks: Vec<f64> = spreads(0..50_000).map(|spread| spread.check).collect();
        for (positions, step) in [(renewals, 1), (checks, 50)] {
            let positions: Vec<f64> = positions.into_iter().step_by(step).collect();
            assert!(positions.iter().all(|at| (0.0..1.0).contains(at)));
            for tenth in 0..10 {
                let here = |at: &&f64| (**at * 10.0) as u32 == tenth;
                let count = positions.iter().filter(here).count();
                assert!((60..140).contains(&count), "{tenth}: {count}");
            }
        }
    }

    #[test]
    fn a_renewal_is_late_by_up_to_a_tenth_of_the_interval() {
        let mut ending = facts(None, None);
        let due = now() + SignedDuration::from_hours(10);
        ending.expires_at = Expiry::At(due + rules().rotate_before_expiry);
        for (position, minutes) in [(0.0, 0), (0.5, 72), (0.75, 108)] {
            let spread = Spread::at(position);
            let next = next_check(&token(Some(ending.clone())), None, &rules(), spread, now());
            let next = next.unwrap();
            assert_eq!(next.action, Action::Rotate, "{position}");
            let expected = due + SignedDuration::from_mins(minutes);
            assert_eq!(next.at, expected, "{position}");
        }
    }

    #[test]
    fn positions_are_those_of_splitmix64() {
        const GAMMA: i64 = 0x9e37_79b9_7f4a_7c15_u64 as i64;
        // The second and the fourth number of the seed 1234567, as they are published.
        for (step, published) in [
            (2, 3_203_168_211_198_807_973_u64),
            (4, 4_593_380_528_125_082_431),
        ] {
            let number = GAMMA.wrapping_mul(step) + 1_234_567;
            let expected = (published >> 11) as f64 / (1_u64 << 53) as f64;
            assert_eq!(position(number, Timestamp::UNIX_EPOCH), expected, "{step}");
            let second = Timestamp::from_second(1).unwrap();
            assert_eq!(position(number ^ (1 << 32), second), expected, "{step}");
        }
    }

    #[test]
    fn neighbours_are_due_together_and_renewed_apart() {
        let [first, last, next] = [100, 149, 150].map(|id| Spread::of(TokenId(id), now()));
        assert_eq!(first.check, last.check);
        assert_ne!(last.check, next.check);
        assert_ne!(first.renewal, last.renewal);
        let later = Spread::of(TokenId(100), now() + SignedDuration::from_hours(24));
        assert_ne!(first.check, later.check);
    }

    #[test]
    fn a_rotation_that_is_due_is_the_next_step() {
        let token = token(Some(facts(Some(20), None)));
        assert_eq!(
            wait(&token, None),
            Some((Action::Rotate, SignedDuration::ZERO))
        );
        let hours_ago = now() - SignedDuration::from_hours(5);
        let a_tenth_late = SignedDuration::from_hours(19) + SignedDuration::from_mins(144);
        assert_eq!(
            wait(&token, Some(hours_ago)),
            Some((Action::Rotate, a_tenth_late))
        );
    }
}
