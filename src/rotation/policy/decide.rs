//! Decides what is left to ask Meta about a token before its check can be recorded.

use jiff::{SignedDuration, Timestamp};

use super::basis::Basis;
use super::exchange::{may_exchange, rotation_due};
use crate::model::{
    Asked, Cause, CheckResult, Claimed, Facts, Health, Kind, OrderKind, Subscription, Token,
    WebhookSubscription,
};
use crate::rotation::Rules;

/// What is left to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowUp {
    /// Exchange a token of this kind.
    Exchange(Kind),
    /// Derive the page's token again through a parent.
    Derive,
    /// Fetch the name of the person behind a user token, and the pages that it reaches.
    FetchProfile,
    /// Check whether the page is subscribed to the app's webhooks.
    CheckSubscription,
}

impl FollowUp {
    /// The number of calls that it usually takes.
    pub const fn calls(self) -> u32 {
        match self {
            // What comes of an exchange or a derivation is inspected; a profile has a list of pages.
            Self::Exchange(_) | Self::Derive | Self::FetchProfile => 2,
            Self::CheckSubscription => 1,
        }
    }
}

/// How often the webhook subscription of a page is checked.
const LISTEN_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What decides about the next question: the token as it is known so far, and what the check has asked.
#[derive(Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) claimed: &'a Claimed,
    pub(super) token: &'a Token,
    pub(super) rotation_tried_at: Option<Timestamp>,
    pub(super) asked: Asked,
}

/// What to ask next. `None` when what was learned can be recorded.
pub fn follow_up(result: &CheckResult, basis: &Basis<'_>) -> Option<FollowUp> {
    next_question(Situation::of(result), basis)
}

impl<'a> Situation<'a> {
    pub(super) fn of(result: &'a CheckResult) -> Self {
        Self {
            claimed: &result.claimed,
            token: &result.after,
            rotation_tried_at: result.rotation_tried_at,
            asked: result.asked,
        }
    }
}

pub(super) fn next_question(situation: Situation<'_>, basis: &Basis<'_>) -> Option<FollowUp> {
    let facts = situation.token.facts.as_ref()?;
    if wants_exchange(situation, basis) {
        Some(FollowUp::Exchange(facts.kind))
    } else if wants_derivation(situation, facts, basis) {
        Some(FollowUp::Derive)
    } else if wants_profile(situation, facts) {
        Some(FollowUp::FetchProfile)
    } else if wants_subscription_check(situation, facts, basis) {
        Some(FollowUp::CheckSubscription)
    } else {
        None
    }
}

fn wants_exchange(situation: Situation<'_>, basis: &Basis<'_>) -> bool {
    let (token, tried_at) = (situation.token, situation.rotation_tried_at);
    // The secret of an earlier exchange is measured first.
    let candidate = situation.claimed.candidate.as_ref();
    let is_unmeasured = candidate.is_some_and(|candidate| candidate.exchange.is_some());
    if situation.asked.exchanged || is_unmeasured || !token.is_alive() {
        return false;
    }
    let now = basis.now_for_ends();
    let ordered = situation.claimed.is_ordered(OrderKind::Rotate)
        && may_exchange(token, tried_at, basis.rules, now).is_ok();
    ordered || rotation_due(token, tried_at, basis.rules).is_some_and(|due| due <= now)
}

/// A page token that died or expires soon may be derived again through a living parent.
fn wants_derivation(situation: Situation<'_>, facts: &Facts, basis: &Basis<'_>) -> bool {
    if situation.asked.derived || facts.kind != Kind::Page {
        return false;
    }
    let token = situation.token;
    let dead = matches!(token.health, Health::Dead { cause, .. } if may_be_derived(cause));
    let horizon = basis.now_for_ends() + basis.rules.rotate_before_expiry;
    let ending = token.is_alive() && facts.expires_at.is_before(horizon);
    dead || ending || situation.claimed.is_ordered(OrderKind::Rotate)
}

/// If the page is gone, the token belongs to another app, or the app is unavailable, no parent can help.
const fn may_be_derived(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::PageGone | Cause::WrongApp | Cause::AppUnavailable
    )
}

fn wants_profile(situation: Situation<'_>, facts: &Facts) -> bool {
    let Situation { claimed, asked, .. } = situation;
    let wanted = asked.is_new || claimed.is_ordered(OrderKind::Discover);
    facts.kind.is_persons_own() && situation.token.is_alive() && wanted && !asked.fetched
}

/// Each check costs a call per page, so it is made only for a new token, on an order, and once a week. While a
/// subscription is missing, it is checked every time until it is fixed.
fn wants_subscription_check(situation: Situation<'_>, facts: &Facts, basis: &Basis<'_>) -> bool {
    let Situation { claimed, asked, .. } = situation;
    let is_off = basis.rules.subscribed_fields.is_empty();
    if asked.subscription_checked || is_off || !situation.token.is_alive() {
        return false;
    }
    let last = claimed.subscription.as_ref();
    let due = last.is_none_or(|last| {
        last.subscription == Subscription::Missing
            || last.asked_at + LISTEN_EVERY <= basis.now_for_ends()
    });
    let is_wanted = due || asked.is_new || claimed.pending_order.is_some();
    may_ask_subscriptions(facts) && is_wanted
}

/// When the subscription of a token with these facts must be checked again: in the far past if at every check, in the far
/// future if never.
pub(super) fn next_subscription_check(
    facts: &Facts,
    last: Option<&WebhookSubscription>,
    rules: &Rules,
) -> Timestamp {
    if rules.subscribed_fields.is_empty() || !may_ask_subscriptions(facts) {
        return Timestamp::MAX;
    }
    let last = last.filter(|last| last.subscription != Subscription::Missing);
    let next = last.and_then(|last| last.asked_at.checked_add(LISTEN_EVERY).ok());
    next.unwrap_or(Timestamp::MIN)
}

/// A page token for messaging that is allowed to read its subscriptions.
fn may_ask_subscriptions(facts: &Facts) -> bool {
    facts.kind == Kind::Page
        && ["pages_messaging", "pages_manage_metadata"]
            .iter()
            .all(|scope| facts.has(scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, ExchangeId, Expiry, PendingOrder, Scopes};
    use crate::rotation::policy::fixtures::*;

    fn situation(token: &Token) -> CheckResult {
        CheckResult::new(claimed(token.clone()), now())
    }

    fn ordered(order: OrderKind, token: &Token) -> CheckResult {
        let pending_order = Some(PendingOrder {
            order,
            event: EventId(1),
        });
        let claimed = Claimed {
            pending_order,
            ..claimed(token.clone())
        };
        CheckResult::new(claimed, now())
    }

    fn decide(result: &CheckResult, rules: &Rules) -> Option<FollowUp> {
        follow_up(result, &basis(rules))
    }

    fn page(expires_in: Option<i64>) -> Facts {
        Facts {
            kind: Kind::Page,
            subject: "99".to_owned(),
            ..facts(expires_in, None)
        }
    }

    fn dead(token: Token, cause: Cause) -> Token {
        Token {
            health: Health::Dead {
                since: now(),
                cause,
            },
            ..token
        }
    }

    #[test]
    fn each_situation_has_its_follow_up() {
        let next = |result: &CheckResult| decide(result, &rules());
        let exchange = Some(FollowUp::Exchange(Kind::User));
        let (lasting, ending) = (
            token(Some(facts(None, None))),
            token(Some(facts(Some(9), None))),
        );
        assert_eq!(next(&situation(&lasting)), None);
        assert_eq!(next(&situation(&ending)), exchange);
        let mut once = situation(&ending);
        once.asked.exchanged = true;
        assert_eq!(next(&once), None);
        let mut today = situation(&ending);
        today.rotation_tried_at = Some(now());
        assert_eq!(next(&today), None);
        let (mut first_check, mut first_ending) = (situation(&lasting), situation(&ending));
        first_check.asked.is_new = true;
        first_ending.asked.is_new = true;
        assert_eq!(next(&first_check), Some(FollowUp::FetchProfile));
        assert_eq!(next(&first_ending), exchange);
        let discover = ordered(OrderKind::Discover, &lasting);
        assert_eq!(next(&discover), Some(FollowUp::FetchProfile));
    }

    #[test]
    fn nothing_is_exchanged_while_the_secret_of_an_exchange_is_not_measured() {
        let ending = token(Some(facts(Some(9), None)));
        let with = |exchange: Option<ExchangeId>| {
            let mut result = situation(&ending);
            result.claimed.candidate = Some(candidate(exchange));
            decide(&result, &rules())
        };
        assert_eq!(with(None), Some(FollowUp::Exchange(Kind::User)));
        assert_eq!(with(Some(ExchangeId(1))), None);
    }

    #[test]
    fn an_order_to_rotate_never_touches_what_never_expires() {
        let lasting = token(Some(facts(None, None)));
        let result = ordered(OrderKind::Rotate, &lasting);
        assert_eq!(decide(&result, &rules()), None);
        let distant = token(Some(facts(Some(55), None)));
        assert_eq!(decide(&situation(&distant), &rules()), None);
        let result = ordered(OrderKind::Rotate, &distant);
        assert_eq!(
            decide(&result, &rules()),
            Some(FollowUp::Exchange(Kind::User))
        );
    }

    #[test]
    fn a_clock_that_is_far_ahead_exchanges_nothing_early() {
        let distant = token(Some(facts(Some(35), None)));
        let rules = rules();
        let late = Basis {
            now: now() + days(20),
            skew: Some(-days(20)),
            ..basis(&rules)
        };
        assert_eq!(follow_up(&situation(&distant), &late), None);
        let right = Basis { skew: None, ..late };
        let expected = Some(FollowUp::Exchange(Kind::User));
        assert_eq!(follow_up(&situation(&distant), &right), expected);
    }

    #[test]
    fn a_dead_or_expiring_page_token_is_derived_before_anyone_is_notified() {
        for (page, expected) in [
            (token(Some(page(None))), None),
            (token(Some(page(Some(2)))), Some(FollowUp::Derive)),
            (
                dead(token(Some(page(None))), Cause::PasswordChanged),
                Some(FollowUp::Derive),
            ),
            (
                dead(token(Some(page(None))), Cause::PageRoleLost),
                Some(FollowUp::Derive),
            ),
            (dead(token(Some(page(None))), Cause::PageGone), None),
            (
                dead(token(Some(facts(None, None))), Cause::PasswordChanged),
                None,
            ),
        ] {
            let found = decide(&situation(&page), &rules());
            assert_eq!(found, expected, "{:?}", page.health);
        }
    }

    #[test]
    fn a_page_s_webhook_subscription_is_checked_seldom_and_only_where_configured() {
        let scoped = |scopes: &str| {
            token(Some(Facts {
                scopes: Some(Scopes::parse(scopes)),
                ..page(None)
            }))
        };
        let messenger = scoped("pages_messaging pages_manage_metadata");
        let wanted = Rules {
            subscribed_fields: Scopes::parse("messages"),
            ..rules()
        };
        let last = |subscription: Subscription, hours: i64| WebhookSubscription {
            subscription,
            missing: Scopes::default(),
            asked_at: now() - SignedDuration::from_hours(hours),
        };
        let next = |token: &Token, subscription: Option<WebhookSubscription>, rules: &Rules| {
            let mut result = situation(token);
            result.claimed.subscription = subscription;
            decide(&result, rules)
        };
        let check = Some(FollowUp::CheckSubscription);
        assert_eq!(next(&messenger, None, &rules()), None);
        assert_eq!(next(&messenger, None, &wanted), check);
        let reader = scoped("pages_messaging");
        assert_eq!(next(&reader, None, &wanted), None);
        let user = token(Some(Facts {
            scopes: Some(Scopes::parse("pages_messaging pages_manage_metadata")),
            ..facts(None, None)
        }));
        assert_eq!(next(&user, None, &wanted), None);
        for (subscription, hours, expected) in [
            (Subscription::Subscribed, 24, None),
            (Subscription::Subscribed, 7 * 24, check),
            (Subscription::Unknown, 24, None),
            (Subscription::Missing, 24, check),
        ] {
            let last = last(subscription, hours);
            let found = next(&messenger, Some(last.clone()), &wanted);
            assert_eq!(found, expected, "{last:?}");
        }
        let mut asked = ordered(OrderKind::Check, &messenger);
        asked.claimed.subscription = Some(last(Subscription::Subscribed, 1));
        assert_eq!(decide(&asked, &wanted), check);
        asked.asked.subscription_checked = true;
        assert_eq!(decide(&asked, &wanted), None);
    }

    #[test]
    fn a_page_token_is_derived_within_the_month_before_its_end_and_once() {
        let ends_in = |seconds: i64| {
            token(Some(Facts {
                expires_at: Expiry::At(now() + days(30) + SignedDuration::from_secs(seconds)),
                ..page(None)
            }))
        };
        let next = |result: &CheckResult| decide(result, &rules());
        assert_eq!(next(&situation(&ends_in(-1))), Some(FollowUp::Derive));
        assert_eq!(next(&situation(&ends_in(1))), None);
        let mut once = situation(&ends_in(-1));
        once.asked.derived = true;
        assert_eq!(next(&once), None);
        let mut ordered = ordered(OrderKind::Rotate, &token(Some(page(None))));
        assert_eq!(next(&ordered), Some(FollowUp::Derive));
        ordered.asked.derived = true;
        assert_eq!(next(&ordered), None);
    }

    #[test]
    fn who_a_living_person_is_is_asked_once() {
        let next = |result: &CheckResult| decide(result, &rules());
        let lasting = token(Some(facts(None, None)));
        let mut discover = ordered(OrderKind::Discover, &lasting);
        discover.asked.fetched = true;
        assert_eq!(next(&discover), None);
        let dead = dead(lasting, Cause::SessionEnded);
        let discover = ordered(OrderKind::Discover, &dead);
        assert_eq!(next(&discover), None);
        let mut first = situation(&token(Some(page(None))));
        first.asked.is_new = true;
        assert_eq!(next(&first), None, "a page has no pages");
    }

    #[test]
    fn a_new_or_a_living_page_is_asked_for_its_subscription() {
        let messenger = token(Some(Facts {
            scopes: Some(Scopes::parse("pages_messaging pages_manage_metadata")),
            ..page(None)
        }));
        let wanted = Rules {
            subscribed_fields: Scopes::parse("messages"),
            ..rules()
        };
        let with_recent = |token: &Token| {
            let mut result = situation(token);
            result.claimed.subscription = Some(WebhookSubscription {
                subscription: Subscription::Subscribed,
                missing: Scopes::default(),
                asked_at: now(),
            });
            result
        };
        let mut first = with_recent(&messenger);
        assert_eq!(decide(&first, &wanted), None);
        first.asked.is_new = true;
        assert_eq!(decide(&first, &wanted), Some(FollowUp::CheckSubscription));
        let mut gone = situation(&dead(messenger, Cause::PageGone));
        gone.asked.is_new = true;
        assert_eq!(decide(&gone, &wanted), None);
    }

    #[test]
    fn each_question_has_its_price() {
        let exchange = FollowUp::Exchange(Kind::User);
        assert_eq!([exchange, FollowUp::Derive].map(FollowUp::calls), [2, 2]);
        assert_eq!(FollowUp::FetchProfile.calls(), 2);
        assert_eq!(FollowUp::CheckSubscription.calls(), 1);
    }
}
