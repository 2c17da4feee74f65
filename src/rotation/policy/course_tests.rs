//! What a look ahead expects of single checks, logins and ends.

use jiff::{SignedDuration, Timestamp};

use super::fixtures::*;
use super::{Course, Expected};
use crate::model::{Action, Cause, Expiry, Facts, Health, Kind, Next, Outcome};

/// Meta does no more than it always does.
const LEAST: Expected = Expected {
    exchange_extends: false,
    has_parent: false,
};

fn course(facts: Facts) -> Course {
    Course::new(token(Some(facts)), None)
}

/// A token that nothing renews.
fn app_token(end: Timestamp) -> Course {
    course(Facts {
        kind: Kind::App,
        expires_at: Expiry::At(end),
        ..facts(None, None)
    })
}

#[test]
fn an_exchange_moves_the_end_except_of_a_user_token_that_it_does_not_extend() {
    for (kind, exchange_extends, outcome, left) in [
        (Kind::User, false, Outcome::SameExpiry, 10),
        (Kind::User, true, Outcome::Renewed, 60),
        (Kind::SystemUser, false, Outcome::Renewed, 60),
        (Kind::SystemUser, true, Outcome::Renewed, 60),
    ] {
        let issued_at = now() - days(5);
        let mut course = course(Facts {
            kind,
            issued_at: Some(issued_at),
            ..facts(Some(10), None)
        });
        let expected = Expected {
            exchange_extends,
            ..LEAST
        };
        let step = course.check(&expected, &rules(), now());
        assert_eq!(step.exchange, Some(outcome), "{kind} {exchange_extends}");
        let facts = course.token().facts.as_ref().unwrap();
        assert_eq!(facts.expires_at, Expiry::At(now() + days(left)), "{kind}");
        let is_new = outcome == Outcome::Renewed;
        let issued_at = if is_new { now() } else { issued_at };
        assert_eq!(facts.issued_at, Some(issued_at), "{kind}");
    }
}

#[test]
fn a_login_gives_a_new_token_with_a_new_end() {
    let mut course = course(Facts {
        issued_at: Some(now() - days(50)),
        ..facts(Some(10), None)
    });
    course.grant(&rules(), now());
    let facts = course.token().facts.as_ref().unwrap();
    assert_eq!(facts.issued_at, Some(now()));
    assert_eq!(facts.expires_at, Expiry::At(now() + days(60)));
}

#[test]
fn a_token_is_dead_from_its_end_on() {
    let end = now() + days(9);
    let second = SignedDuration::from_secs(1);
    for (at, is_dead) in [(end - second, false), (end, true), (end + second, true)] {
        let mut course = app_token(end);
        course.check(&LEAST, &rules(), at);
        let health = course.token().health;
        let has_expired = matches!(
            health,
            Health::Dead {
                cause: Cause::Expired,
                ..
            }
        );
        assert_eq!(has_expired, is_dead, "{at}: {health:?}");
    }
}

#[test]
fn a_token_that_a_person_takes_along_is_dead_and_never_checked_again() {
    let mut course = course(facts(Some(50), None));
    course.check(&LEAST, &rules(), now());
    assert!(course.token().next.is_some());
    let (since, cause) = (now() + days(1), Cause::PageRoleLost);
    course.end(cause, since);
    assert_eq!(course.token().health, Health::Dead { since, cause });
    assert_eq!(course.token().next, None);
    assert_eq!(course.next_step(&rules()), None);
}

#[test]
fn every_check_sets_the_time_of_the_next() {
    let mut course = course(facts(None, None));
    for at in [now(), now() + days(1), now() + days(7)] {
        course.check(&LEAST, &rules(), at);
        let next = Next {
            action: Action::Check,
            // A check a day, on average a twentieth early.
            at: at + days(1) - SignedDuration::from_mins(72),
        };
        assert_eq!(course.token().next, Some(next));
    }
}

#[test]
fn a_warning_that_is_a_whole_interval_past_is_not_waited_for() {
    let next_check = now() + days(1) - SignedDuration::from_mins(72);
    let second = SignedDuration::from_secs(1);
    for (warning, is_waited_for) in [
        (next_check - days(1), false),
        (next_check - days(1) + second, true),
    ] {
        let end = warning + rules().warn_before;
        let mut course = app_token(end);
        course.check(&LEAST, &rules(), now());
        assert_eq!(course.token().next.unwrap().at, next_check);
        // Otherwise, the checks become frequent five days before the end, and are looked at from one interval earlier.
        let next = if is_waited_for {
            next_check
        } else {
            end - days(6)
        };
        assert_eq!(course.next_step(&rules()), Some(next));
    }
}
