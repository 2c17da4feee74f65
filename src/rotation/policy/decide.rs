//! What to do next with a token that Meta has just described.

use jiff::Timestamp;

use super::exchange::{may_exchange, rotation_due};
use crate::inventory::Order;
use crate::rotation::Rules;
use crate::token::{Cause, Facts, Health, Kind, Token};

/// What a visit can do after the look itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Confirm the secret that waits, and swap it in.
    TryCandidate,
    Exchange,
    /// Read the page's token anew through somebody who administers the page.
    Derive,
    /// Ask whose user token it is, and which pages it reaches.
    Survey,
    /// Nothing more: write down what was learned.
    Settle,
}

/// A visit as far as it has come.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// As Meta has just described it.
    pub token: &'a Token,
    pub rotation_tried_at: Option<Timestamp>,
    pub order: Option<Order>,
    pub candidate_waits: bool,
    pub done: Done,
}

/// Which steps this visit has behind it; none is taken twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub exchanged: bool,
    pub derived: bool,
    pub surveyed: bool,
    /// The token is new to us, or its secret is.
    pub is_news: bool,
}

pub fn decide(situation: &Situation<'_>, rules: &Rules, now: Timestamp) -> Step {
    if situation.candidate_waits {
        Step::TryCandidate
    } else if wants_exchange(situation, rules, now) {
        Step::Exchange
    } else if wants_derivation(situation, rules, now) {
        Step::Derive
    } else if wants_survey(situation) {
        Step::Survey
    } else {
        Step::Settle
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
    if done.exchanged || !is_alive(token) {
        return false;
    }
    let ordered =
        order == Some(Order::Rotate) && may_exchange(token, rotation_tried_at, now).is_ok();
    ordered || rotation_due(token, rotation_tried_at, rules).is_some_and(|due| due <= now)
}

/// A page token that died, or is about to end, may still be had from a living parent.
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
    let ending = is_alive(token) && token.facts.as_ref().is_some_and(ends);
    dead || ending || order == Some(Order::Rotate)
}

/// A page that is gone, or a token filed under the wrong app, no other parent can help.
const fn may_be_derived(cause: Cause) -> bool {
    !matches!(cause, Cause::PageGone | Cause::WrongApp)
}

fn wants_survey(situation: &Situation<'_>) -> bool {
    let Situation {
        token, order, done, ..
    } = *situation;
    let is_user = token
        .facts
        .as_ref()
        .is_some_and(|facts| facts.kind == Kind::User);
    let wanted = done.is_news || order == Some(Order::Discover);
    is_user && is_alive(token) && wanted && !done.surveyed
}

/// Only with this permission does a user token list its pages.
pub fn may_list_pages(token: &Token) -> bool {
    token
        .facts
        .as_ref()
        .is_some_and(|facts| facts.scopes.contains("pages_show_list"))
}

const fn is_alive(token: &Token) -> bool {
    matches!(token.health, Health::Healthy | Health::Expiring { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::policy::fixtures::*;

    fn situation(token: &Token) -> Situation<'_> {
        Situation {
            token,
            rotation_tried_at: None,
            order: None,
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
        assert_eq!(step(situation(&lasting)), Step::Settle);
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
            Step::Settle
        );
        let today = Some(now());
        assert_eq!(
            step(Situation {
                rotation_tried_at: today,
                ..situation(&ending)
            }),
            Step::Settle
        );
        assert_eq!(
            step(Situation {
                candidate_waits: true,
                ..situation(&ending)
            }),
            Step::TryCandidate
        );
        let news = Done {
            is_news: true,
            ..Done::default()
        };
        assert_eq!(
            step(Situation {
                done: news,
                ..situation(&lasting)
            }),
            Step::Survey
        );
        assert_eq!(
            step(Situation {
                done: news,
                ..situation(&ending)
            }),
            Step::Exchange
        );
        let discover = Some(Order::Discover);
        assert_eq!(
            step(Situation {
                order: discover,
                ..situation(&lasting)
            }),
            Step::Survey
        );
    }

    #[test]
    fn an_order_to_rotate_never_touches_what_never_expires() {
        let lasting = token(Some(facts(None, None)));
        let ordered = Situation {
            order: Some(Order::Rotate),
            ..situation(&lasting)
        };
        assert_eq!(decide(&ordered, &rules(), now()), Step::Settle);
        let distant = token(Some(facts(Some(55), None)));
        assert_eq!(decide(&situation(&distant), &rules(), now()), Step::Settle);
        let ordered = Situation {
            order: Some(Order::Rotate),
            ..situation(&distant)
        };
        assert_eq!(decide(&ordered, &rules(), now()), Step::Exchange);
    }

    #[test]
    fn a_dead_or_ending_page_is_derived_before_anybody_is_told() {
        for (page, expected) in [
            (token(Some(page(None))), Step::Settle),
            (token(Some(page(Some(2)))), Step::Derive),
            (
                dead(token(Some(page(None))), Cause::PasswordChanged),
                Step::Derive,
            ),
            (
                dead(token(Some(page(None))), Cause::PageRoleLost),
                Step::Derive,
            ),
            (dead(token(Some(page(None))), Cause::PageGone), Step::Settle),
            (
                dead(token(Some(facts(None, None))), Cause::PasswordChanged),
                Step::Settle,
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
}
