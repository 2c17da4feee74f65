//! The edges of what is learnt from an answer.

use jiff::{SignedDuration, Timestamp};

use super::InspectionResult;
use super::fixtures::*;
use super::learn::{completed, learn, may_still_be_averted, without_longer_back_off};
use super::permissions::permissions_after;
use crate::graph_api::{Error, Inspection};
use crate::model::{Cause, Facts, Health, Kind, MetaCode, Refused, Scopes, Token};

fn failing(since: Timestamp, failures: u32) -> Health {
    Health::Failing {
        since,
        failures,
        cause: Cause::Outage,
    }
}

#[test]
fn a_version_that_meta_ended_says_nothing_about_a_token() {
    let known = token(Some(facts(Some(40), None)));
    let ended = || Error::App {
        cause: Cause::VersionEnded,
        meta: MetaCode::default(),
    };
    let secret_wrong = Error::App {
        cause: Cause::AppSecretWrong,
        meta: MetaCode::default(),
    };
    let health = |answer: InspectionResult| learn(&known, &answer, &rules(), now()).health;
    assert_eq!(health(Ok(Inspection::Undecided(ended()))), known.health);
    assert_eq!(health(Err(ended())), known.health);
    let failing = health(Err(secret_wrong));
    assert!(matches!(failing, Health::Failing { failures: 1, .. }));
}

/// Without a type in the answer, every token looks like a person's own.
#[test]
fn the_known_kind_stays_only_for_the_same_person_and_only_if_none_is_said() {
    let page = |person: &str| Facts {
        kind: Kind::Page,
        subject: "9".to_owned(),
        person: person.to_owned(),
        ..facts(None, None)
    };
    let robot = Facts {
        kind: Kind::SystemUser,
        ..facts(None, None)
    };
    let own = || facts(None, None);
    for (what, known, answer, expected) in [
        ("no type", page("7"), own(), (Kind::Page, "9")),
        ("another person", page("8"), own(), (Kind::User, "7")),
        ("another type", page("7"), robot, (Kind::SystemUser, "7")),
        ("a person's own", own(), page("7"), (Kind::Page, "9")),
    ] {
        let facts = completed(&token(Some(known)), answer);
        assert_eq!((facts.kind, facts.subject.as_str()), expected, "{what}");
    }
}

#[test]
fn of_two_ends_at_the_same_moment_the_token_s_own_is_the_cause() {
    let both = alive(facts(Some(5), Some(5)));
    let cause = Cause::ExpiresSoon;
    let after = learn(&token(None), &both, &rules(), now());
    assert_eq!(after.health, Health::Expiring { cause });
}

#[test]
fn a_dead_token_that_dies_of_something_else_is_dated_anew() {
    let alive = token(Some(facts(None, None)));
    let dead = learn(&alive, &refused(Cause::Checkpoint), &rules(), now());
    let later = now() + days(1);
    let after = learn(&dead, &refused(Cause::PasswordChanged), &rules(), later);
    let expected = Health::Dead {
        since: later,
        cause: Cause::PasswordChanged,
    };
    assert_eq!(after.health, expected);
}

#[test]
fn a_refusal_may_be_averted_for_less_than_a_day() {
    let refused = |ago: SignedDuration| Token {
        refused: Some(Refused {
            since: now() - ago,
            cause: Cause::SessionEnded,
        }),
        ..token(None)
    };
    let second = SignedDuration::from_secs(1);
    assert!(may_still_be_averted(&refused(days(1) - second), now()));
    assert!(!may_still_be_averted(&refused(days(1)), now()));
    assert!(!may_still_be_averted(&token(None), now()));
}

#[test]
fn an_ordered_check_that_fails_does_not_lengthen_the_back_off() {
    let before = Token {
        health: failing(now() - days(1), 3),
        ..token(None)
    };
    let after = without_longer_back_off(&before, failing(now(), 4));
    assert_eq!(after, failing(now(), 3));
    let healthy = token(Some(facts(None, None)));
    let first = failing(now(), 1);
    assert_eq!(without_longer_back_off(&healthy, first), first);
}

#[test]
fn a_death_is_dated_to_the_known_end_only_once_that_has_passed() {
    let since = |known: Facts, cause: Cause| {
        let after = learn(&token(Some(known)), &refused(cause), &rules(), now());
        match after.health {
            Health::Dead { since, .. } => Some(now().duration_until(since)),
            _ => None,
        }
    };
    let (zero, expired) = (Some(SignedDuration::ZERO), Cause::Expired);
    assert_eq!(since(facts(Some(-2), None), expired), Some(days(-2)));
    assert_eq!(since(facts(Some(3), None), expired), zero);
    assert_eq!(since(facts(Some(-2), None), Cause::Checkpoint), zero);
}

#[test]
fn permissions_that_are_not_said_are_not_lost() {
    let known = Facts {
        scopes: Some(Scopes::parse("instagram_business_basic")),
        ..probed()
    };
    let after = permissions_after(&token(Some(known)), &probed());
    assert_eq!(after.lost, Scopes::default());
}
