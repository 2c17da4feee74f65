//! How a token goes on: the policies of a sweep, with answers as Meta is expected to give them. For looking ahead, so it
//! holds no secret and asks nobody.

use jiff::{SignedDuration, Timestamp};

use super::InspectionResult;
use super::basis::Basis;
use super::decide::{FollowUp, Situation, next_question};
use super::exchange::{SameSecret, measure, rotation_due};
use super::learn::learn;
use super::schedule::{Spread, next_check};
use crate::graph_api::{Certainty, Inspection, TokenRejection};
use crate::model::{
    Action, Asked, Cause, Claimed, Expiry, Facts, Health, Kind, MetaCode, Outcome, Renewal,
    Rotation, Scopes, Subscription, Token, WebhookSubscription,
};
use crate::rotation::Rules;
use crate::secret::Secret;

/// How long Meta lets a new token of a person live, and how long its data may be read after a login.
const LIFE: SignedDuration = SignedDuration::from_hours(60 * 24);
const DATA_ACCESS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Closer to an end than so many intervals, the checks come after a quarter of the time left.
const CLOSE: i32 = 5;

/// What Meta is expected to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The exchange of a user token moves its end.
    pub exchange_extends: bool,
    /// A living token reaches the pages, so that their tokens can be read again.
    pub has_parent: bool,
}

/// A token between two checks.
#[derive(Clone, Debug)]
pub struct Course {
    claimed: Claimed,
}

/// What a check did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CourseStep {
    pub calls: u32,
    /// What an exchange did, if there was one.
    pub exchange: Option<Outcome>,
    /// The page's token was read again.
    pub derived: bool,
}

impl Course {
    pub fn new(token: Token, rotation_tried_at: Option<Timestamp>) -> Self {
        let claimed = Claimed {
            token,
            secret: Secret::new(""),
            ends_at: None,
            answer: None,
            rotation_tried_at,
            subscription: None,
            pending_order: None,
            candidate: None,
        };
        Self { claimed }
    }

    pub const fn token(&self) -> &Token {
        &self.claimed.token
    }

    /// Checks the token, and renews what is due.
    pub fn check(&mut self, expected: &Expected, rules: &Rules, now: Timestamp) -> CourseStep {
        let mut step = CourseStep {
            calls: 1,
            ..CourseStep::default()
        };
        let mut asked = Asked::default();
        self.learn(&answer(self.token(), now), rules, now);
        let basis = Basis {
            rules,
            now,
            skew: None,
        };
        while let Some(question) = self.next_question(asked, &basis) {
            step.calls += question.calls();
            match question {
                FollowUp::Exchange(kind) => {
                    asked.exchanged = true;
                    step.exchange = Some(self.exchange(kind, expected, rules, now));
                }
                FollowUp::Derive => {
                    asked.derived = true;
                    step.derived = expected.has_parent;
                    if expected.has_parent {
                        self.grant(rules, now);
                    }
                }
                FollowUp::FetchProfile => asked.fetched = true,
                FollowUp::CheckSubscription => {
                    asked.subscription_checked = true;
                    self.claimed.subscription = Some(WebhookSubscription {
                        subscription: Subscription::Subscribed,
                        missing: Scopes::default(),
                        asked_at: now,
                    });
                }
            }
        }
        self.schedule(rules, now);
        step
    }

    /// The next check that may find or do anything. Those before it only set the time of the next one. `None` if there
    /// is none, as long as nobody acts.
    pub fn next_step(&self, rules: &Rules) -> Option<Timestamp> {
        let token = self.token();
        let next = token.next.filter(|_| !token.is_dead())?;
        if next.action == Action::Rotate {
            return Some(next.at);
        }
        let event = self.next_event(next.at, rules)?;
        let before = event.checked_sub(rules.check_every).ok()?;
        Some(next.at.max(before))
    }

    /// When a renewal, a warning or an end comes near.
    fn next_event(&self, from: Timestamp, rules: &Rules) -> Option<Timestamp> {
        let token = self.token();
        let facts = token.facts.as_ref()?;
        let renewal = rotation_due(token, self.claimed.rotation_tried_at, rules);
        let ends = [facts.expires_at.at(), facts.data_access_end()];
        let around = ends.into_iter().flatten().flat_map(|end| {
            let before = |span| end.checked_sub(span).ok();
            let close = rules.check_every.checked_mul(CLOSE).unwrap_or_default();
            [before(rules.warn_before), before(close), Some(end)]
        });
        // What lies less than an interval back may still be found by the next check.
        let recent = from.checked_sub(rules.check_every).ok()?;
        let events = around.flatten().filter(|at| *at > recent);
        events.chain(renewal).min()
    }

    /// A person has logged in: the token is new, with all that it needs.
    pub fn grant(&mut self, rules: &Rules, now: Timestamp) {
        let Some(facts) = self.token().facts.clone() else {
            return;
        };
        let token = &mut self.claimed.token;
        token.permissions.lost = Scopes::default();
        token.refused = None;
        token.last_rotation = None;
        // Nothing of its death is left.
        token.health = Health::Unverified;
        self.claimed.rotation_tried_at = None;
        self.learn(
            &Ok(Inspection::Alive(granted(facts, rules, now))),
            rules,
            now,
        );
        self.schedule(rules, now);
    }

    /// The token stops working, for a cause that no check can lift.
    pub fn end(&mut self, cause: Cause, now: Timestamp) {
        self.claimed.token.health = Health::Dead { since: now, cause };
        self.claimed.token.next = None;
    }

    fn learn(&mut self, answer: &InspectionResult, rules: &Rules, now: Timestamp) {
        self.claimed.token = learn(&self.claimed.token, answer, rules, now);
    }

    fn schedule(&mut self, rules: &Rules, now: Timestamp) {
        let tried_at = self.claimed.rotation_tried_at;
        let next = next_check(self.token(), tried_at, rules, Spread::MIDDLE, now);
        self.claimed.token.next = next;
    }

    fn next_question(&self, asked: Asked, basis: &Basis<'_>) -> Option<FollowUp> {
        let situation = Situation {
            claimed: &self.claimed,
            token: self.token(),
            rotation_tried_at: self.claimed.rotation_tried_at,
            asked,
        };
        next_question(situation, basis)
    }

    fn exchange(
        &mut self,
        kind: Kind,
        expected: &Expected,
        rules: &Rules,
        now: Timestamp,
    ) -> Outcome {
        self.claimed.rotation_tried_at = Some(now);
        let moves = kind != Kind::User || expected.exchange_extends;
        let facts = self.token().facts.clone();
        let answer = facts.map(|facts| {
            Ok(Inspection::Alive(if moves {
                exchanged(facts, rules, now)
            } else {
                facts
            }))
        });
        let Some(answer) = answer else {
            return Outcome::Failed;
        };
        let outcome = measure(self.token(), SameSecret::No, &answer);
        if outcome == Outcome::Renewed {
            self.learn(&answer, rules, now);
        }
        self.claimed.token.last_rotation = Some(Rotation { outcome, at: now });
        outcome
    }
}

/// What Meta says of a token, if nothing but its clocks ends it.
fn answer(token: &Token, now: Timestamp) -> InspectionResult {
    let facts = token.facts.clone();
    let ended = |facts: &Facts| facts.expires_at.at().is_some_and(|end| end <= now);
    Ok(match (facts, token.health) {
        (_, Health::Dead { cause, .. }) => refused(cause),
        (Some(facts), _) if !ended(&facts) => Inspection::Alive(facts),
        (Some(_) | None, _) => refused(Cause::Expired),
    })
}

fn refused(cause: Cause) -> Inspection {
    let rejection = TokenRejection {
        cause,
        meta: MetaCode::default(),
        certainty: Certainty::Certain,
    };
    Inspection::Refused {
        rejection,
        facts: None,
    }
}

fn life(rules: &Rules) -> SignedDuration {
    match rules.renewal {
        Renewal::Always(life) => life,
        Renewal::Sometimes => LIFE,
    }
}

fn after(now: Timestamp, span: SignedDuration) -> Expiry {
    now.checked_add(span).map_or(Expiry::Unknown, Expiry::At)
}

fn exchanged(facts: Facts, rules: &Rules, now: Timestamp) -> Facts {
    Facts {
        issued_at: Some(now),
        expires_at: after(now, life(rules)),
        ..facts
    }
}

/// A login renews both clocks. Page tokens that come from it do not expire.
fn granted(facts: Facts, rules: &Rules, now: Timestamp) -> Facts {
    let expires_at = match (facts.kind, facts.expires_at) {
        (Kind::Page, _) => Expiry::Never,
        (_, Expiry::At(_)) => after(now, life(rules)),
        (_, known @ (Expiry::Never | Expiry::Unknown)) => known,
    };
    let data_access_expires_at = match facts.data_access_expires_at {
        Expiry::At(_) => after(now, DATA_ACCESS),
        known @ (Expiry::Never | Expiry::Unknown) => known,
    };
    Facts {
        issued_at: Some(now),
        expires_at,
        data_access_expires_at,
        ..facts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rotation::policy::fixtures::*;

    /// What can be seen of a token after a step.
    #[derive(Clone, Debug, PartialEq)]
    struct Seen {
        health: Health,
        renewed: bool,
    }

    /// What changes within 120 days, and when, with the next check that `next` names after each.
    fn changes(
        mut course: Course,
        expected: &Expected,
        rules: &Rules,
        next: impl Fn(&Course) -> Option<Timestamp>,
    ) -> (Vec<(Timestamp, Seen)>, usize) {
        let (mut at, mut steps) = (now(), 0);
        let mut changes: Vec<(Timestamp, Seen)> = Vec::new();
        while at < now() + days(120) {
            let step = course.check(expected, rules, at);
            let seen = Seen {
                health: course.token().health,
                renewed: step.exchange == Some(Outcome::Renewed),
            };
            let last = changes.last().map(|(_, last)| last.health);
            let is_new = last != Some(seen.health);
            if is_new || seen.renewed {
                changes.push((at, seen));
            }
            steps += 1;
            let Some(next) = next(&course) else {
                break;
            };
            assert!(next > at, "the check at {at} is followed by one at {next}");
            at = next;
        }
        (in_one_check(&changes, rules), steps)
    }

    /// A state, and the renewal that came less than an interval later: whether one check finds both or two do depends on
    /// the hour of the checks.
    fn in_one_check(changes: &[(Timestamp, Seen)], rules: &Rules) -> Vec<(Timestamp, Seen)> {
        let is_part_of = |(at, seen): &(Timestamp, Seen), (next_at, next): &(Timestamp, Seen)| {
            let is_soon = next_at.duration_since(*at) <= rules.check_every;
            is_soon && next.renewed && next.health == seen.health
        };
        let nexts = changes.iter().skip(1).map(Some).chain([None]);
        let kept = changes.iter().zip(nexts);
        let kept = kept.filter(|(change, next)| !next.is_some_and(|next| is_part_of(change, next)));
        kept.map(|(change, _)| change.clone()).collect()
    }

    fn every_check(course: &Course) -> Option<Timestamp> {
        course.token().next.map(|next| next.at)
    }

    #[test]
    fn an_end_and_a_renewal_on_one_day_are_one_change() {
        let facts = Facts {
            kind: Kind::InstagramUser,
            issued_at: Some(now() - days(5)),
            ..facts(Some(106), Some(106))
        };
        let expected = Expected {
            exchange_extends: false,
            has_parent: false,
        };
        let course = Course::new(token(Some(facts)), None);
        let (all, _) = changes(course.clone(), &expected, &always(), every_check);
        let (found, _) = changes(course, &expected, &always(), |course| {
            course.next_step(&always())
        });
        let seen = |changes: &[(Timestamp, Seen)]| -> Vec<Seen> {
            changes.iter().map(|(_, seen)| seen.clone()).collect()
        };
        assert_eq!(seen(&all), seen(&found));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn checks_that_are_left_out_would_have_found_nothing(
            ends in proptest::option::of(1_i64..110),
            data_access in proptest::option::of(1_i64..110),
            kind in 0_usize..5,
            extends: bool,
            tried in proptest::option::of(0_i64..30),
        ) {
            let kind = [Kind::User, Kind::Page, Kind::SystemUser, Kind::App, Kind::InstagramUser][kind];
            let rules = if kind == Kind::InstagramUser { always() } else { rules() };
            let facts = Facts { kind, issued_at: Some(now() - days(5)), ..facts(ends, data_access) };
            let expected = Expected { exchange_extends: extends, has_parent: false };
            let tried_at = tried.map(|days_ago| now() - days(days_ago));
            let course = Course::new(token(Some(facts)), tried_at);
            let (all, checks) = changes(course.clone(), &expected, &rules, every_check);
            let (found, steps) = changes(course, &expected, &rules, |course| course.next_step(&rules));
            let seen = |changes: &[(Timestamp, Seen)]| -> Vec<String> {
                let death = |health: Health| match health {
                    Health::Dead { cause, .. } => format!("dead: {cause}"),
                    other => format!("{other:?}"),
                };
                changes.iter().map(|(_, seen)| format!("{} {}", death(seen.health), seen.renewed)).collect()
            };
            prop_assert_eq!(seen(&all), seen(&found));
            for ((when, _), (foreseen, _)) in all.iter().zip(&found) {
                let apart = when.duration_since(*foreseen).abs();
                prop_assert!(apart <= rules.check_every, "{when} {foreseen}");
            }
            prop_assert!(steps <= checks, "{steps} of {checks}");
        }
    }

    #[test]
    fn a_calm_token_needs_few_steps() {
        let expected = Expected {
            exchange_extends: false,
            has_parent: true,
        };
        for (facts, most) in [
            (facts(None, None), 1),
            (facts(None, Some(200)), 1),
            (facts(None, Some(115)), 40),
        ] {
            let course = Course::new(token(Some(facts)), None);
            let rules = rules();
            let (_, steps) = changes(course, &expected, &rules, |course| course.next_step(&rules));
            assert!(steps <= most, "{steps}");
        }
    }

    #[test]
    fn a_page_token_that_ends_is_read_again_through_a_living_parent() {
        let ending = Facts {
            kind: Kind::Page,
            ..facts(Some(9), None)
        };
        for (has_parent, end) in [(true, None), (false, Some(now() + days(9)))] {
            let mut course = Course::new(token(Some(ending.clone())), None);
            let expected = Expected {
                exchange_extends: false,
                has_parent,
            };
            let step = course.check(&expected, &rules(), now());
            assert_eq!(step.derived, has_parent);
            assert_eq!(course.token().deadline(), end);
        }
    }

    #[test]
    fn each_check_counts_its_calls() {
        let rules = Rules {
            subscribed_fields: Scopes::parse("messages"),
            ..rules()
        };
        let expected = Expected {
            exchange_extends: true,
            has_parent: true,
        };
        let page = |expires_in| Facts {
            kind: Kind::Page,
            ..facts(expires_in, None)
        };
        let messaging = Facts {
            scopes: Some(Scopes::parse("pages_messaging pages_manage_metadata")),
            ..page(None)
        };
        for (what, facts, calls) in [
            ("nothing is due", facts(Some(50), None), [1, 1]),
            (
                "an exchange, and what it brought",
                facts(Some(10), None),
                [3, 1],
            ),
            ("a derivation, and what it brought", page(Some(10)), [3, 1]),
            ("its subscription, once a week", messaging, [2, 1]),
        ] {
            let mut course = Course::new(token(Some(facts)), None);
            let first = course.check(&expected, &rules, now()).calls;
            let second = course.check(&expected, &rules, now() + days(1)).calls;
            assert_eq!([first, second], calls, "{what}");
        }
    }

    #[test]
    fn after_a_login_a_token_has_all_that_it_lacked() {
        let mut lost = token(Some(facts(Some(3), Some(3))));
        lost.permissions.lost = Scopes::parse("ads_read");
        lost.required_scopes = Scopes::parse("ads_read");
        let mut course = Course::new(lost, Some(now()));
        let expected = Expected {
            exchange_extends: false,
            has_parent: false,
        };
        course.check(&expected, &rules(), now());
        assert!(matches!(course.token().health, Health::Lacking { .. }));
        course.grant(&rules(), now() + days(1));
        assert_eq!(course.token().health, Health::Healthy);
        assert_eq!(course.token().deadline(), Some(now() + days(61)));
    }
}
