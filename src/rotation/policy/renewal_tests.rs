//! The rules for tokens that every renewal gives another life: when they are renewed, and what a refusal means.

use jiff::{SignedDuration, Timestamp};

use super::answers::{Answer, Exchange, with_answer};
use super::candidate::{CandidateAnswer, with_candidate};
use super::check_result::{check_result, completed_by_grant};
use super::exchange::{SameSecret, is_refusal, measure, rotation_due};
use super::fixtures::*;
use super::learn::learn;
use super::schedule::latest_check;
use super::{concluded, follow_up, routine};
use crate::graph_api::{Error, Inspection};
use crate::model::{
    Cause, CheckResult, Claimed, Event, EventId, ExchangeId, Expiry, Facts, Health, Kind, MetaCode,
    OrderKind, Outcome, PendingOrder, Rotation, Scopes, State, Token,
};
use crate::secret::Secret;

const A_DAY_AND_A_BIT: SignedDuration = SignedDuration::from_mins(24 * 60 + 10);

fn tried(token: Token, outcome: Outcome) -> Token {
    Token {
        last_rotation: Some(Rotation { outcome, at: now() }),
        ..token
    }
}

/// The check of a token of which an exchange had this result.
fn after_exchange(claimed: Claimed, exchange: Exchange) -> CheckResult {
    let rules = always();
    let result = check_result(claimed, &alive(probed()), &basis(&rules));
    let answer = Answer::Exchanged(exchange);
    concluded(with_answer(result, answer, &basis(&rules)), &basis(&rules))
}

fn outcome(result: &CheckResult) -> Option<Outcome> {
    result.after.last_rotation.map(|rotation| rotation.outcome)
}

#[test]
fn it_is_renewed_at_half_life_and_never_before_it_is_a_day_old() {
    let young = Facts {
        issued_at: Some(now()),
        expires_at: Expiry::At(now() + days(2)),
        ..probed()
    };
    for (what, facts, expected) in [
        ("just granted", granted(0), now() + days(30)),
        ("at half life", granted(30), now()),
        ("near its end", granted(55), now() - days(25)),
        ("short and young", young, now() + A_DAY_AND_A_BIT),
    ] {
        let due = rotation_due(&token(Some(facts)), None, &always());
        assert_eq!(due, Some(expected), "{what}");
    }
}

#[test]
fn an_import_of_unknown_end_is_renewed_a_day_after_it() {
    let imported = Token {
        imported_at: now(),
        ..token(Some(probed()))
    };
    let due = rotation_due(&imported, None, &always());
    assert_eq!(due, Some(now() + A_DAY_AND_A_BIT));
    assert_eq!(
        rotation_due(&imported, None, &rules()),
        None,
        "a debugger would know"
    );
}

#[test]
fn an_attempt_without_a_clear_result_is_repeated_daily() {
    for last in [Outcome::Failed, Outcome::SameExpiry, Outcome::Unchanged] {
        let token = tried(token(Some(granted(31))), last);
        let due = rotation_due(&token, Some(now()), &always());
        assert_eq!(due, Some(now() + A_DAY_AND_A_BIT), "{last}");
    }
}

#[test]
fn a_refusal_is_final_and_known_at_once() {
    let result = after_exchange(claimed(token(Some(granted(30)))), Exchange::Refused);
    assert_eq!(outcome(&result), Some(Outcome::Refused));
    let expiring = Health::Expiring {
        cause: Cause::ExpiresSoon,
    };
    assert_eq!(result.after.health, expiring);
    assert!(result.events.iter().any(|event| matches!(
        event,
        Event::Changed {
            to: State::Expiring,
            ..
        }
    )));
    assert_eq!(result.after.deadline(), Some(now() + days(30)));
    assert_eq!(rotation_due(&result.after, Some(now()), &always()), None);

    // The following checks change nothing, and ask for nothing.
    let (later, rules) = (now() + days(3), always());
    let mut basis = basis(&rules);
    basis.now = later;
    let next = routine(&claimed(result.after), &alive(probed()), &basis).unwrap();
    assert!(
        next.next
            .is_some_and(|next| next.at <= latest_check(&rules, later))
    );
}

#[test]
fn a_refusal_for_its_youth_is_no_failure() {
    let imported = Token {
        imported_at: now() - SignedDuration::from_hours(2),
        ..token(Some(probed()))
    };
    let claimed = Claimed {
        pending_order: Some(PendingOrder {
            order: OrderKind::Rotate,
            event: EventId(1),
        }),
        ..claimed(imported)
    };
    let rules = always();
    let found = check_result(claimed.clone(), &alive(probed()), &basis(&rules));
    assert!(
        follow_up(&found, &basis(&rules)).is_some(),
        "an order tries it"
    );
    let result = after_exchange(claimed, Exchange::Refused);
    assert_eq!(outcome(&result), Some(Outcome::TooYoung));
    assert_eq!(result.after.health, Health::Healthy);
    let due = rotation_due(&result.after, result.rotation_tried_at, &rules);
    assert_eq!(due, Some(now() + A_DAY_AND_A_BIT));
}

#[test]
fn a_renewal_is_measured_by_the_later_end() {
    let id = ExchangeId(1);
    let new = granted(0);
    for (what, before, new, expected) in [
        ("later", granted(30), new.clone(), Outcome::Renewed),
        ("first known", probed(), new.clone(), Outcome::Renewed),
        ("not later", granted(0), new, Outcome::SameExpiry),
        ("not said", granted(30), probed(), Outcome::SameExpiry),
    ] {
        let claimed = claimed(token(Some(before.clone())));
        let obtained = Exchange::Obtained(id, Secret::new("IGAA2"), Box::new(alive(new.clone())));
        let result = after_exchange(claimed, obtained);
        assert_eq!(outcome(&result), Some(expected), "{what}");
        let facts = result.after.facts.as_ref().unwrap();
        let kept = if expected == Outcome::Renewed {
            new
        } else {
            before
        };
        assert_eq!(facts.expires_at, kept.expires_at, "{what}");
    }
}

#[test]
fn an_end_that_becomes_known_shows_a_renewal_only_where_nothing_else_names_it() {
    for (kind, expected) in [
        (Kind::InstagramUser, Outcome::Renewed),
        (Kind::User, Outcome::SameExpiry),
    ] {
        let of = |expires_at| Facts {
            kind,
            expires_at,
            ..facts(None, None)
        };
        let before = token(Some(of(Expiry::Unknown)));
        let after = alive(of(Expiry::At(now() + days(60))));
        assert_eq!(measure(&before, SameSecret::No, &after), expected, "{kind}");
    }
}

#[test]
fn a_login_after_a_refusal_clears_it_and_brings_no_end_from_before() {
    let before = Token {
        health: Health::Expiring {
            cause: Cause::ExpiresSoon,
        },
        ..tried(token(Some(granted(50))), Outcome::Refused)
    };
    for ends_at in [Some(now() + days(60)), None] {
        let mut claimed = claimed(before.clone());
        let mut new = candidate(None);
        new.ends_at = ends_at;
        claimed.candidate = Some(new.clone());
        let Inspection::Alive(facts) = completed_by_grant(&claimed, Inspection::Alive(probed()))
        else {
            panic!("it is alive");
        };
        let rules = always();
        let result = check_result(claimed, &alive(probed()), &basis(&rules));
        let answer = CandidateAnswer::Alive(new.secret, facts);
        let result = with_candidate(result, answer, &basis(&rules));
        assert_eq!(result.after.health, Health::Healthy, "{ends_at:?}");
        assert_eq!(result.after.last_rotation, None);
        assert_eq!(result.after.deadline(), ends_at);
        let facts = result.after.facts.as_ref().unwrap();
        assert_eq!(facts.issued_at, Some(now()));
        let due = rotation_due(&result.after, None, &rules).unwrap();
        assert!(due >= now() + A_DAY_AND_A_BIT, "it must grow up first");
    }
}

#[test]
fn what_the_probe_does_not_say_is_kept() {
    let known = Facts {
        scopes: Some(Scopes::parse("instagram_business_basic")),
        ..granted(3)
    };
    let requiring = Token {
        required_scopes: Scopes::parse("instagram_business_basic"),
        ..token(Some(known.clone()))
    };
    let after = learn(&requiring, &alive(probed()), &always(), now());
    assert_eq!(after.facts, Some(known.clone()));
    assert!(after.missing_scopes().is_empty() && after.permissions.lost.is_empty());

    let of_another = Facts {
        subject: "8".to_owned(),
        ..probed()
    };
    assert_eq!(of_another.clone().completed_by(&known), of_another);
    let described = facts(Some(3), None);
    assert_eq!(
        described.clone().completed_by(&facts(Some(9), None)),
        described
    );
}

#[test]
fn permissions_that_nobody_has_named_are_not_missing() {
    let requiring = Token {
        required_scopes: Scopes::parse("instagram_business_basic"),
        ..token(None)
    };
    let after = learn(&requiring, &alive(probed()), &always(), now());
    assert_eq!(after.health, Health::Healthy);
    assert!(after.missing_scopes().is_empty() && after.permissions.ungranted.is_empty());
}

#[test]
fn the_end_of_a_first_login_is_that_of_its_grant() {
    let end: Timestamp = now() + days(60);
    let mut claimed = claimed(token(None));
    claimed.ends_at = Some(end);
    let found = completed_by_grant(&claimed, Inspection::Alive(probed()));
    assert!(matches!(found, Inspection::Alive(facts) if facts.expires_at == Expiry::At(end)));
    claimed.token = token(Some(granted(0)));
    let found = completed_by_grant(&claimed, Inspection::Alive(probed()));
    assert!(matches!(found, Inspection::Alive(facts) if facts.expires_at == Expiry::Unknown));
}

#[test]
fn any_explained_error_is_a_refusal_only_where_renewals_never_fail() {
    let of_code = |code| Error::Unexpected {
        meta: MetaCode {
            code,
            ..MetaCode::default()
        },
        status: 400,
    };
    assert!(is_refusal(&of_code(100), &always()));
    assert!(!is_refusal(&of_code(100), &rules()));
    assert!(!is_refusal(&of_code(0), &always()));
    let unreachable = Error::Unreachable("reset".into());
    assert!(!is_refusal(&unreachable, &always()));
}
