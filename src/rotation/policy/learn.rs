//! Updates what is known about a token from Meta's answer.

use jiff::{SignedDuration, Timestamp};

use super::InspectionResult;
use super::exchange::is_refused_for_good;
use super::permissions::{lacks_what_it_had, permissions_after};
use crate::graph_api::{Certainty, Inspection, TokenRejection};
use crate::model::{Cause, Expiry, Facts, Health, Kind, Refused, Token};
use crate::rotation::Rules;

/// A doubtful refusal counts only if Meta still gives it after this long.
const SECOND_LOOK: SignedDuration = SignedDuration::from_mins(50);
/// A refusal that lasts this long counts, even if its cause keeps changing.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// The token after Meta's answer. Its next check is set elsewhere.
pub fn learn(before: &Token, inspect: &InspectionResult, rules: &Rules, now: Timestamp) -> Token {
    let mut after = before.clone();
    match inspect {
        Ok(Inspection::Alive(facts)) => {
            let facts = completed(before, facts.clone());
            after.checked_at = Some(now);
            after.refused = None;
            after.permissions = permissions_after(before, &facts);
            after.health = health_of_living(&after, &facts, rules, now);
            after.facts = Some(facts);
        }
        Ok(Inspection::Refused { rejection, facts }) => {
            after.checked_at = Some(now);
            after.health = health_of_rejected(before, rejection, now);
            after.refused = Some(Refused {
                since: before.refused.map_or(now, |refused| refused.since),
                cause: rejection.cause,
            });
            // Meta says little about a dead token, so the facts from when it was alive are kept.
            after.facts = before.facts.clone().or_else(|| facts.clone());
        }
        // It says nothing about the token.
        Ok(Inspection::Undecided(error)) | Err(error) if error.is_about_version() => {}
        Ok(Inspection::Undecided(error)) | Err(error) => {
            after.health = health_after_failure(before, error.cause(), now);
        }
    }
    after
}

/// The facts with what Meta does not say again.
pub(super) fn completed(before: &Token, facts: Facts) -> Facts {
    let facts = with_known_kind(before, facts);
    match &before.facts {
        Some(known) => facts.completed_by(known),
        None => facts,
    }
}

/// Keeps the known kind. A token never changes its kind, but without a type in the answer every token looks like a user
/// token.
fn with_known_kind(before: &Token, facts: Facts) -> Facts {
    match &before.facts {
        Some(known)
            if known.kind != Kind::User
                && facts.kind == Kind::User
                && known.person == facts.person =>
        {
            Facts {
                kind: known.kind,
                subject: known.subject.clone(),
                ..facts
            }
        }
        Some(_) | None => facts,
    }
}

pub(super) fn health_of_living(
    before: &Token,
    facts: &Facts,
    rules: &Rules,
    now: Timestamp,
) -> Health {
    if lacks_what_it_had(before, facts) {
        return match before.health {
            lacking @ Health::Lacking { .. } => lacking,
            _ => Health::Lacking { since: now },
        };
    }
    if is_refused_for_good(before, rules) {
        return Health::Expiring {
            cause: Cause::ExpiresSoon,
        };
    }
    let within = |end: Option<Timestamp>| end.filter(|end| *end <= now + rules.warn_before);
    let ends = within(facts.expires_at.at());
    let data_access_ends = within(facts.data_access_end());
    match (ends, data_access_ends) {
        // One login resets both, so the earlier one is the cause.
        (Some(ends), Some(data)) if data < ends => Health::Expiring {
            cause: lapse(data, now),
        },
        (Some(_), _) => Health::Expiring {
            cause: Cause::ExpiresSoon,
        },
        (None, Some(data)) => Health::Expiring {
            cause: lapse(data, now),
        },
        (None, None) => Health::Healthy,
    }
}

fn lapse(end: Timestamp, now: Timestamp) -> Cause {
    if end <= now {
        Cause::DataAccessExpired
    } else {
        Cause::DataAccessExpiresSoon
    }
}

fn health_of_rejected(before: &Token, rejection: &TokenRejection, now: Timestamp) -> Health {
    let cause = rejection.cause;
    match before.health {
        Health::Dead {
            since,
            cause: known,
        } if known == cause => Health::Dead { since, cause },
        _ if !is_doubtful(before, rejection) => Health::Dead {
            since: death(before, cause, now),
            cause,
        },
        _ => match before.refused {
            Some(refused) if is_confirmed(refused, cause, now) => Health::Dead {
                since: refused.since,
                cause,
            },
            Some(_) | None => failing_on(before.health, cause, now),
        },
    }
}

/// Whether a refusal is confirmed: the same cause after a while, even if other calls failed in between; any cause after
/// a day.
fn is_confirmed(refused: Refused, cause: Cause, now: Timestamp) -> bool {
    let wait = if refused.cause == cause {
        SECOND_LOOK
    } else {
        LONGEST_WAIT
    };
    // A start in the future comes from a clock that was wrong.
    now >= refused.since.min(now) + wait
}

/// Whether a refused token may still be reported as failing because deriving it anew was not possible yet. This holds
/// for at most a day after the first refusal.
pub(super) fn may_still_be_averted(token: &Token, now: Timestamp) -> bool {
    token
        .refused
        .is_some_and(|refused| now < refused.since + LONGEST_WAIT)
}

/// One more failed check after `before`.
pub(super) fn failing_on(before: Health, cause: Cause, now: Timestamp) -> Health {
    let (since, failures) = match before {
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
        cause,
    }
}

/// A failed check does not lengthen the back-off if it was ordered, because it came early.
pub(super) const fn without_longer_back_off(before: &Token, after: Health) -> Health {
    match (before.health, after) {
        (
            Health::Failing { failures, .. },
            Health::Failing {
                since,
                cause,
                failures: _,
            },
        ) => Health::Failing {
            since,
            failures,
            cause,
        },
        _ => after,
    }
}

/// Whether a refusal needs a second check. A token that is already dead needs none.
fn is_doubtful(before: &Token, rejection: &TokenRejection) -> bool {
    rejection.certainty == Certainty::Doubtful && !matches!(before.health, Health::Dead { .. })
}

/// When the token died: at its known expiry if that has passed, otherwise now.
fn death(before: &Token, cause: Cause, now: Timestamp) -> Timestamp {
    let known_end = before
        .facts
        .as_ref()
        .map_or(Expiry::Unknown, |facts| facts.expires_at)
        .at();
    match (cause, known_end) {
        (Cause::Expired, Some(end)) => end.min(now),
        _ => now,
    }
}

fn health_after_failure(before: &Token, cause: Cause, now: Timestamp) -> Health {
    match before.health {
        dead @ Health::Dead { .. } => dead,
        _ => failing_on(before.health, cause, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_api::{Bucket, Error};
    use crate::model::{MetaCode, Scopes, State};
    use crate::rotation::policy::fixtures::*;

    #[test]
    fn a_living_token_is_healthy_until_the_first_warning_step() {
        for (expires_in, data_in, expected) in [
            (None, None, Health::Healthy),
            (Some(40), Some(60), Health::Healthy),
            (
                Some(14),
                Some(60),
                Health::Expiring {
                    cause: Cause::ExpiresSoon,
                },
            ),
            (
                Some(40),
                Some(3),
                Health::Expiring {
                    cause: Cause::DataAccessExpiresSoon,
                },
            ),
            (
                Some(40),
                Some(-1),
                Health::Expiring {
                    cause: Cause::DataAccessExpired,
                },
            ),
            (
                Some(5),
                Some(3),
                Health::Expiring {
                    cause: Cause::DataAccessExpiresSoon,
                },
            ),
            (
                Some(3),
                Some(5),
                Health::Expiring {
                    cause: Cause::ExpiresSoon,
                },
            ),
        ] {
            let inspect = Ok(Inspection::Alive(facts(expires_in, data_in)));
            let after = learn(&token(None), &inspect, &rules(), now());
            assert_eq!(after.health, expected, "{expires_in:?} {data_in:?}");
            assert_eq!(after.checked_at, Some(now()));
        }
    }

    #[test]
    fn a_certain_rejection_is_believed_and_earlier_facts_are_kept() {
        let alive = token(Some(facts(Some(40), Some(60))));
        let after = learn(&alive, &refused(Cause::PasswordChanged), &rules(), now());
        assert_eq!(
            after.health,
            Health::Dead {
                since: now(),
                cause: Cause::PasswordChanged
            }
        );
        assert_eq!(after.facts, alive.facts);
    }

    #[test]
    fn a_doubtful_rejection_is_believed_only_at_the_second_check() {
        let alive = token(Some(facts(None, None)));
        let once = learn(&alive, &doubtful(Cause::SessionEnded), &rules(), now());
        assert!(matches!(once.health, Health::Failing { failures: 1, .. }));
        let soon = now() + SignedDuration::from_mins(10);
        let twice = learn(&once, &doubtful(Cause::SessionEnded), &rules(), soon);
        assert!(matches!(twice.health, Health::Failing { failures: 2, .. }));
        let later = now() + SignedDuration::from_hours(1);
        let thrice = learn(&twice, &doubtful(Cause::SessionEnded), &rules(), later);
        let expected = Health::Dead {
            since: now(),
            cause: Cause::SessionEnded,
        };
        assert_eq!(thrice.health, expected);
        let recovered = learn(
            &twice,
            &Ok(Inspection::Alive(facts(None, None))),
            &rules(),
            later,
        );
        assert_eq!(recovered.health, Health::Healthy);
    }

    #[test]
    fn a_doubtful_refusal_is_believed_though_calls_fail_between() {
        let unreachable: InspectionResult = Err(Error::Unreachable("time-out".into()));
        let mut token = token(Some(facts(None, None)));
        let mut at = now();
        for _ in 0..3 {
            token = learn(&token, &doubtful(Cause::SessionEnded), &rules(), at);
            token = learn(&token, &unreachable, &rules(), at);
            at += SignedDuration::from_mins(30);
        }
        assert_eq!(token.state(), State::Dead);
    }

    #[test]
    fn doubtful_refusals_that_change_their_cause_are_believed_after_a_day() {
        let mut token = token(Some(facts(None, None)));
        let mut at = now();
        let causes = [Cause::SessionEnded, Cause::Unreadable].repeat(13);
        for cause in causes.into_iter().take(25) {
            assert_ne!(token.state(), State::Dead);
            token = learn(&token, &doubtful(cause), &rules(), at);
            at += SignedDuration::from_hours(1);
        }
        assert_eq!(token.state(), State::Dead);
    }

    #[test]
    fn a_lost_permission_is_reported_before_an_upcoming_expiry() {
        let had = token(Some(facts(Some(9), None)));
        let mut now_has = facts(Some(9), None);
        now_has.scopes = Some(Scopes::parse("email"));
        let inspect = Ok(Inspection::Alive(now_has));
        let free = learn(&had, &inspect, &rules(), now());
        assert!(matches!(free.health, Health::Expiring { .. }));
        let required = Token {
            required_scopes: Scopes::parse("pages_show_list"),
            ..had
        };
        let lacking = learn(&required, &inspect, &rules(), now());
        assert_eq!(lacking.health, Health::Lacking { since: now() });
        let later = now() + days(1);
        assert_eq!(
            learn(&lacking, &inspect, &rules(), later).health,
            lacking.health
        );
    }

    #[test]
    fn calls_that_do_not_get_through_wipe_nothing() {
        let alive = token(Some(facts(Some(40), None)));
        let unreachable: InspectionResult = Err(Error::Unreachable("time-out".into()));
        let mut after = alive.clone();
        for failures in 1..=500 {
            after = learn(&after, &unreachable, &rules(), now());
            let expected = Health::Failing {
                since: now(),
                failures,
                cause: Cause::Outage,
            };
            assert_eq!(after.health, expected);
            assert_eq!(after.facts, alive.facts);
        }
        let dead = Health::Dead {
            since: now(),
            cause: Cause::Expired,
        };
        let dead = Token {
            health: dead,
            ..alive
        };
        assert_eq!(
            learn(&dead, &unreachable, &rules(), now()).health,
            dead.health
        );
    }

    #[test]
    fn an_answer_without_a_type_makes_a_system_user_no_person() {
        let robot = Facts {
            kind: Kind::SystemUser,
            ..facts(None, Some(-1))
        };
        let inspect = Ok(Inspection::Alive(facts(None, Some(-1))));
        let after = learn(&token(Some(robot.clone())), &inspect, &rules(), now());
        assert_eq!((after.facts, after.health), (Some(robot), Health::Healthy));
    }

    #[test]
    fn no_rejection_of_a_token_is_retried_by_its_own_back_off() {
        let alive = token(Some(facts(Some(40), None)));
        let limited: InspectionResult = Ok(Inspection::Undecided(Error::Busy {
            bucket: Bucket::Token,
            regain: None,
            meta: MetaCode {
                code: 17,
                ..MetaCode::default()
            },
        }));
        let once = learn(&alive, &limited, &rules(), now());
        let twice = learn(&once, &limited, &rules(), now());
        let expected = Health::Failing {
            since: now(),
            failures: 2,
            cause: Cause::Throttled,
        };
        assert_eq!((twice.health, &twice.facts), (expected, &alive.facts));
    }

    #[test]
    fn an_expected_end_is_dated_when_it_came() {
        let ended = token(Some(facts(Some(-2), None)));
        let after = learn(&ended, &refused(Cause::Expired), &rules(), now());
        let since = now() - SignedDuration::from_hours(48);
        assert_eq!(
            after.health,
            Health::Dead {
                since,
                cause: Cause::Expired
            }
        );
    }

    #[test]
    fn a_dead_token_keeps_the_date_of_its_death() {
        let alive = token(Some(facts(None, None)));
        let dead = learn(&alive, &refused(Cause::Checkpoint), &rules(), now());
        let later = now() + SignedDuration::from_hours(24);
        assert_eq!(
            learn(&dead, &refused(Cause::Checkpoint), &rules(), later).health,
            dead.health
        );
    }
}
