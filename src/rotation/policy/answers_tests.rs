//! What a check makes of the answers to its further questions.

use jiff::SignedDuration;

use super::answers::*;
use super::check_result::check_result;
use super::exchange::grown_up_at;
use super::fixtures::*;
use crate::graph_api::{Error, PageFields};
use crate::model::{
    Cause, CheckResult, Claimed, EventId, Facts, Health, MetaCode, OrderKind, Outcome, PageList,
    PendingOrder, Refusal, Scopes, Subscription, Token, TokenId,
};
use crate::secret::Secret;

/// The check of a living token, of which this answer is the next.
fn after(claimed: Claimed, answer: Answer) -> CheckResult {
    let rules = rules();
    let found = claimed.token.facts.clone().unwrap_or(facts(None, None));
    let result = check_result(claimed, &alive(found), &basis(&rules));
    with_answer(result, answer, &basis(&rules))
}

fn ordered(order: OrderKind) -> Claimed {
    Claimed {
        pending_order: Some(PendingOrder {
            order,
            event: EventId(1),
        }),
        ..claimed(token(Some(facts(None, None))))
    }
}

fn dead(days_ago: i64, cause: Cause) -> Health {
    Health::Dead {
        since: now() - days(days_ago),
        cause,
    }
}

#[test]
fn a_token_that_is_just_a_day_old_is_refused_for_another_reason() {
    let rules = always();
    for (earlier, expected) in [(0, Outcome::Refused), (1, Outcome::TooYoung)] {
        let claimed = claimed(token(Some(granted(2))));
        let mut basis = basis(&rules);
        basis.now = grown_up_at(&claimed.token) - SignedDuration::from_secs(earlier);
        let result = check_result(claimed, &alive(granted(2)), &basis);
        let result = with_answer(result, Answer::Exchanged(Exchange::Refused), &basis);
        let last = result.after.last_rotation.map(|rotation| rotation.outcome);
        assert_eq!(last, Some(expected), "{earlier} s before");
    }
}

#[test]
fn a_page_token_that_ended_alone_was_replaced_and_died_when_it_did() {
    let rules = rules();
    for (before, expected) in [
        (Health::Healthy, dead(0, Cause::ReplacedElsewhere)),
        (
            dead(3, Cause::ReplacedElsewhere),
            dead(3, Cause::ReplacedElsewhere),
        ),
        // Another cause was found to be wrong; the token has been dead since then all the same.
        (
            dead(3, Cause::SessionEnded),
            dead(3, Cause::ReplacedElsewhere),
        ),
    ] {
        let claimed = claimed(Token {
            health: before,
            ..token(Some(facts(None, None)))
        });
        let result = check_result(claimed, &refused(Cause::SessionEnded), &basis(&rules));
        let derived = |is_only_ending| Answer::Derived {
            is_only_ending,
            derivations: Vec::new(),
        };
        let together = with_answer(result.clone(), derived(false), &basis(&rules));
        assert_eq!(together.after.health, result.after.health);
        let alone = with_answer(result, derived(true), &basis(&rules));
        assert_eq!(alone.after.health, expected, "{before:?}");
    }
}

#[test]
fn a_derived_token_ends_the_search_if_it_may_replace_the_one_in_use() {
    let derivation = |outcome| Derivation {
        parent: TokenId(9),
        parent_name: "acme-ada".to_owned(),
        outcome,
    };
    let obtained = |facts| {
        derivation(DerivedSecret::Obtained(
            Secret::new("EAA9"),
            Box::new(alive(facts)),
        ))
    };
    let result = CheckResult::new(claimed(token(Some(facts(Some(30), None)))), now());
    let other = Facts {
        subject: "8".to_owned(),
        ..facts(None, None)
    };
    for (what, derivation, expected) in [
        ("an equal", obtained(facts(Some(40), None)), true),
        (
            "one that ends earlier",
            obtained(facts(Some(20), None)),
            false,
        ),
        ("another page's", obtained(other), false),
        ("none", derivation(DerivedSecret::None), false),
        ("an error", derivation(DerivedSecret::Failed), false),
    ] {
        assert_eq!(is_good_enough(&result, &derivation), expected, "{what}");
    }
}

#[test]
fn a_derived_token_of_another_page_is_refused_and_one_that_ends_earlier_passed_over() {
    let derive = |facts| {
        let derivations = vec![Derivation {
            parent: TokenId(9),
            parent_name: "acme-ada".to_owned(),
            outcome: DerivedSecret::Obtained(Secret::new("EAA9"), Box::new(alive(facts))),
        }];
        let answer = Answer::Derived {
            is_only_ending: false,
            derivations,
        };
        after(claimed(token(Some(self::facts(Some(30), None)))), answer)
    };
    let other = derive(Facts {
        subject: "8".to_owned(),
        ..facts(Some(40), None)
    });
    assert!(other.events.iter().any(|event| matches!(
        event,
        crate::model::Event::CandidateRefused {
            why: Refusal::Mismatch(_)
        }
    )));
    assert_eq!(other.after.parent, None);
    let earlier = derive(facts(Some(20), None));
    assert!(earlier.events.is_empty(), "{:?}", earlier.events);
    assert_eq!(earlier.after.parent, None);
    let equal = derive(facts(Some(40), None));
    assert_eq!(equal.after.parent, Some(TokenId(9)));
    assert_eq!(equal.after.rotated_at, Some(now()));
}

fn pages() -> PageList {
    let mut pages = PageList::default();
    pages.push("2000", "Bakery", Some(Secret::new("EAAP")));
    pages
}

#[test]
fn the_tokens_of_pages_are_kept_only_if_they_were_ordered() {
    for (order, fields, with_token) in [
        (OrderKind::Discover, PageFields::NamesAndTokens, true),
        (OrderKind::Check, PageFields::Names, false),
    ] {
        let claimed = ordered(order);
        assert_eq!(
            page_fields(&CheckResult::new(claimed.clone(), now())),
            fields
        );
        let answer = Answer::Profile {
            name: Some("Maria".to_owned()),
            pages: Some(Ok(pages())),
        };
        let result = after(claimed, answer);
        assert_eq!(result.after.subject_name.as_deref(), Some("Maria"));
        let found = result.pages.unwrap();
        let tokens: Vec<_> = found.iter().map(|page| page.token.is_some()).collect();
        assert_eq!(tokens, [with_token], "{order:?}");
    }
}

#[test]
fn an_order_to_discover_stays_until_the_pages_are_known() {
    let failed = || Some(Err(Error::Unreachable("reset".into())));
    for (order, pages, is_done) in [
        (OrderKind::Discover, failed(), false),
        (OrderKind::Discover, Some(Ok(pages())), true),
        (OrderKind::Discover, None, true),
        (OrderKind::Check, failed(), true),
    ] {
        let what = format!("{order:?} {pages:?}");
        let result = after(ordered(order), Answer::Profile { name: None, pages });
        assert_eq!(result.order_done.is_some(), is_done, "{what}");
    }
}

#[test]
fn a_page_misses_the_fields_that_meta_does_not_list() {
    let refused = Error::Refused(crate::graph_api::TokenRejection {
        cause: Cause::PermissionMissing,
        meta: MetaCode::default(),
        certainty: crate::graph_api::Certainty::Certain,
    });
    let messages = Scopes::parse("messages");
    for (answer, expected) in [
        (
            Ok(Scopes::default()),
            Some((Subscription::Subscribed, Scopes::default())),
        ),
        (
            Ok(messages.clone()),
            Some((Subscription::Missing, messages)),
        ),
        (
            Err(refused),
            Some((Subscription::Unknown, Scopes::default())),
        ),
        (Err(Error::Unreachable("reset".into())), None),
    ] {
        let what = format!("{answer:?}");
        let claimed = claimed(token(Some(facts(None, None))));
        let result = after(claimed, Answer::Unsubscribed(answer));
        assert!(result.asked.subscription_checked, "{what}");
        let found = result.subscription.map(|of| {
            assert_eq!(of.asked_at, result.checked_at);
            (of.subscription, of.missing)
        });
        assert_eq!(found, expected, "{what}");
    }
}
