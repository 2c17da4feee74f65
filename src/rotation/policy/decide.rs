//! Decides the next step for a token that Meta has just described.

use jiff::{SignedDuration, Timestamp};

use super::exchange::{may_exchange, rotation_due};
use crate::model::{
    Cause, Facts, Health, Kind, OrderKind, Subscription, Token, WebhookSubscription,
};
use crate::rotation::Rules;

/// The steps that a check can take after the inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Verify the candidate and swap it in.
    TryCandidate,
    Exchange,
    /// Derive the page's token again through a parent.
    Derive,
    /// Fetch the name of the person behind a user token, and the pages that it reaches.
    FetchProfile,
    /// Check whether the page is subscribed to the app's webhooks.
    CheckSubscription,
    /// Nothing is left to do: record what was learned.
    Finish,
}

/// The state of a check so far.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The token as Meta has just described it.
    pub token: &'a Token,
    pub rotation_tried_at: Option<Timestamp>,
    pub order: Option<OrderKind>,
    /// The page's webhook subscription as Meta last reported it.
    pub subscription: Option<&'a WebhookSubscription>,
    pub candidate_waits: bool,
    pub done: Done,
}

/// How often the webhook subscription of a page is checked.
const LISTEN_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The steps that this check has taken; none is taken twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub exchanged: bool,
    pub derived: bool,
    pub fetched: bool,
    pub subscription_checked: bool,
    /// Meta described the token for the first time, or its secret is new.
    pub is_new: bool,
}

pub fn decide(situation: &Situation<'_>, rules: &Rules, now: Timestamp) -> Step {
    if situation.candidate_waits {
        Step::TryCandidate
    } else if wants_exchange(situation, rules, now) {
        Step::Exchange
    } else if wants_derivation(situation, rules, now) {
        Step::Derive
    } else if wants_profile(situation) {
        Step::FetchProfile
    } else if wants_subscription_check(situation, rules, now) {
        Step::CheckSubscription
    } else {
        Step::Finish
    }
}

fn wants_exchange(situation: &Situation<'_>, rules: &Rules, now: Timestamp) -> bool {
    let Situation {
        token,
        rotation_tried_at,
        order,
        done,
        ..
    } = *situation;
    if done.exchanged || !token.is_alive() {
        return false;
    }
    let ordered =
        order == Some(OrderKind::Rotate) && may_exchange(token, rotation_tried_at, now).is_ok();
    ordered || rotation_due(token, rotation_tried_at, rules).is_some_and(|due| due <= now)
}

/// A page token that died or expires soon may be derived again through a living parent.
fn wants_derivation(situation: &Situation<'_>, rules: &Rules, now: Timestamp) -> bool {
    let Situation {
        token, order, done, ..
    } = *situation;
    let is_page = token
        .facts
        .as_ref()
        .is_some_and(|facts| facts.kind == Kind::Page);
    if done.derived || !is_page {
        return false;
    }
    let dead = matches!(token.health, Health::Dead { cause, .. } if may_be_derived(cause));
    let ends = |facts: &Facts| facts.expires_at.is_before(now + rules.rotate_before_expiry);
    let ending = token.is_alive() && token.facts.as_ref().is_some_and(ends);
    dead || ending || order == Some(OrderKind::Rotate)
}

/// If the page is gone, the token belongs to another app, or the app is unavailable, no parent can help.
const fn may_be_derived(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::PageGone | Cause::WrongApp | Cause::AppUnavailable
    )
}

fn wants_profile(situation: &Situation<'_>) -> bool {
    let Situation {
        token, order, done, ..
    } = *situation;
    let is_user = token
        .facts
        .as_ref()
        .is_some_and(|facts| facts.kind == Kind::User);
    let wanted = done.is_new || order == Some(OrderKind::Discover);
    is_user && token.is_alive() && wanted && !done.fetched
}

/// Each check costs a call per page, so it is made only for a new token, on an order, and once a week. While a
/// subscription is missing, it is checked every time until it is fixed.
fn wants_subscription_check(situation: &Situation<'_>, rules: &Rules, now: Timestamp) -> bool {
    let Situation {
        token,
        order,
        subscription,
        done,
        ..
    } = *situation;
    if done.subscription_checked || rules.subscribed_fields.is_empty() || !token.is_alive() {
        return false;
    }
    let due = subscription.is_none_or(|last| {
        last.subscription == Subscription::Missing || last.asked_at + LISTEN_EVERY <= now
    });
    may_ask_subscriptions(token) && (due || done.is_new || order.is_some())
}

/// A page token for messaging that is allowed to read its subscriptions.
fn may_ask_subscriptions(token: &Token) -> bool {
    token.facts.as_ref().is_some_and(|facts| {
        facts.kind == Kind::Page
            && ["pages_messaging", "pages_manage_metadata"]
                .iter()
                .all(|scope| facts.scopes.contains(scope))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scopes;
    use crate::rotation::policy::fixtures::*;

    fn situation(token: &Token) -> Situation<'_> {
        Situation {
            token,
            rotation_tried_at: None,
            order: None,
            subscription: None,
            candidate_waits: false,
            done: Done::default(),
        }
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
    fn each_situation_has_its_step() {
        let step = |s: Situation<'_>| decide(&s, &rules(), now());
        let (lasting, ending) = (
            token(Some(facts(None, None))),
            token(Some(facts(Some(9), None))),
        );
        assert_eq!(step(situation(&lasting)), Step::Finish);
        assert_eq!(step(situation(&ending)), Step::Exchange);
        let once = Done {
            exchanged: true,
            ..Done::default()
        };
        assert_eq!(
            step(Situation {
                done: once,
                ..situation(&ending)
            }),
            Step::Finish
        );
        let today = Some(now());
        assert_eq!(
            step(Situation {
                rotation_tried_at: today,
                ..situation(&ending)
            }),
            Step::Finish
        );
        assert_eq!(
            step(Situation {
                candidate_waits: true,
                ..situation(&ending)
            }),
            Step::TryCandidate
        );
        let first_check = Done {
            is_new: true,
            ..Done::default()
        };
        assert_eq!(
            step(Situation {
                done: first_check,
                ..situation(&lasting)
            }),
            Step::FetchProfile
        );
        assert_eq!(
            step(Situation {
                done: first_check,
                ..situation(&ending)
            }),
            Step::Exchange
        );
        let discover = Some(OrderKind::Discover);
        assert_eq!(
            step(Situation {
                order: discover,
                ..situation(&lasting)
            }),
            Step::FetchProfile
        );
    }

    #[test]
    fn an_order_to_rotate_never_touches_what_never_expires() {
        let lasting = token(Some(facts(None, None)));
        let ordered = Situation {
            order: Some(OrderKind::Rotate),
            ..situation(&lasting)
        };
        assert_eq!(decide(&ordered, &rules(), now()), Step::Finish);
        let distant = token(Some(facts(Some(55), None)));
        assert_eq!(decide(&situation(&distant), &rules(), now()), Step::Finish);
        let ordered = Situation {
            order: Some(OrderKind::Rotate),
            ..situation(&distant)
        };
        assert_eq!(decide(&ordered, &rules(), now()), Step::Exchange);
    }

    #[test]
    fn a_dead_or_expiring_page_token_is_derived_before_anyone_is_notified() {
        for (page, expected) in [
            (token(Some(page(None))), Step::Finish),
            (token(Some(page(Some(2)))), Step::Derive),
            (
                dead(token(Some(page(None))), Cause::PasswordChanged),
                Step::Derive,
            ),
            (
                dead(token(Some(page(None))), Cause::PageRoleLost),
                Step::Derive,
            ),
            (dead(token(Some(page(None))), Cause::PageGone), Step::Finish),
            (
                dead(token(Some(facts(None, None))), Cause::PasswordChanged),
                Step::Finish,
            ),
        ] {
            assert_eq!(
                decide(&situation(&page), &rules(), now()),
                expected,
                "{:?}",
                page.health
            );
        }
    }

    #[test]
    fn a_page_s_webhook_subscription_is_checked_seldom_and_only_where_configured() {
        let scoped = |scopes: &str| {
            token(Some(Facts {
                scopes: Scopes::parse(scopes),
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
        let step = |token: &Token, subscription: Option<&WebhookSubscription>, rules: &Rules| {
            let situation = Situation {
                subscription,
                ..situation(token)
            };
            decide(&situation, rules, now())
        };
        assert_eq!(step(&messenger, None, &rules()), Step::Finish);
        assert_eq!(step(&messenger, None, &wanted), Step::CheckSubscription);
        assert_eq!(
            step(&scoped("pages_messaging"), None, &wanted),
            Step::Finish
        );
        let user = token(Some(Facts {
            scopes: Scopes::parse("pages_messaging pages_manage_metadata"),
            ..facts(None, None)
        }));
        assert_eq!(step(&user, None, &wanted), Step::Finish);
        for (subscription, hours, expected) in [
            (Subscription::Subscribed, 24, Step::Finish),
            (Subscription::Subscribed, 7 * 24, Step::CheckSubscription),
            (Subscription::Unknown, 24, Step::Finish),
            (Subscription::Missing, 24, Step::CheckSubscription),
        ] {
            let last = last(subscription, hours);
            assert_eq!(step(&messenger, Some(&last), &wanted), expected, "{last:?}");
        }
        let fresh = last(Subscription::Subscribed, 1);
        let asked = Situation {
            subscription: Some(&fresh),
            order: Some(OrderKind::Check),
            ..situation(&messenger)
        };
        assert_eq!(decide(&asked, &wanted, now()), Step::CheckSubscription);
        let subscription_checked = Done {
            subscription_checked: true,
            ..Done::default()
        };
        let done = Situation {
            done: subscription_checked,
            ..asked
        };
        assert_eq!(decide(&done, &wanted, now()), Step::Finish);
    }
}
