//! An order that was placed, and what has come of it.

use serde::Serialize;

use crate::api::types::{Accepted, EventView, Problem};
use crate::model::{Event, Outcome, RejectReason, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Check,
    Rotate,
}

/// An order that was placed, and its result so far.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) name: String,
    pub(super) event: String,
    order: Order,
    is_renewed: bool,
    needs_no_renewal: bool,
    state: Option<State>,
    /// What it has led to, oldest first.
    events: Vec<EventView>,
}

/// What came of an order, as `--json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct OrderResult<'p> {
    token: &'p str,
    succeeded: bool,
    /// Null as long as Meta has not answered.
    state: Option<State>,
    events: &'p [EventView],
    /// Why the daemon did not take the order; null if it did.
    problem: Option<&'p Problem>,
}

impl<'p> OrderResult<'p> {
    pub(super) const fn refused(token: &'p str, problem: &'p Problem) -> Self {
        Self {
            token,
            succeeded: false,
            state: None,
            events: &[],
            problem: Some(problem),
        }
    }
}

impl Placed {
    pub(super) fn new(order: Order, name: &str, accepted: Accepted) -> Self {
        Self {
            name: name.to_owned(),
            event: accepted.event,
            order,
            is_renewed: false,
            needs_no_renewal: false,
            state: None,
            events: Vec::new(),
        }
    }

    pub(super) fn result(&self) -> OrderResult<'_> {
        OrderResult {
            token: &self.name,
            succeeded: self.is_a_success(),
            state: self.state,
            events: &self.events,
            problem: None,
        }
    }

    pub(super) fn is_meant_by(&self, event: &EventView) -> bool {
        let order = event.order().map(|order| order.to_string());
        order.as_ref() == Some(&self.event) || self.is_replaced_by(event)
    }

    /// A later order for the same token has replaced this one: a token has only one order at a time.
    fn is_replaced_by(&self, event: &EventView) -> bool {
        let number = |id: &str| id.parse::<u64>().unwrap_or(0);
        matches!(event.event(), Event::Ordered { .. })
            && event.token.as_deref() == Some(&self.name)
            && number(&event.id) > number(&self.event)
    }

    /// Takes over what the event says. Returns whether the order has ended.
    pub(super) fn ends_with(&mut self, event: EventView) -> bool {
        let has_ended = self.take_over(&event);
        self.events.push(event);
        has_ended
    }

    fn take_over(&mut self, event: &EventView) -> bool {
        match event.event() {
            Event::Ordered { .. } => self.event.clone_from(&event.id),
            Event::Derived { .. }
            | Event::Rotated {
                outcome: Outcome::Renewed,
                ..
            } => self.is_renewed = true,
            Event::OrderRefused { .. } => return true,
            Event::Checked(checked) => {
                self.needs_no_renewal = checked.not_rotated == Some(RejectReason::NeverExpires);
                self.state = Some(checked.state);
                return true;
            }
            _ => {}
        }
        false
    }

    pub(super) fn is_a_success(&self) -> bool {
        let works = self.state.is_some_and(State::works);
        works && (self.order == Order::Check || self.is_renewed || self.needs_no_renewal)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: &str, kind: &str, detail: &serde_json::Value) -> EventView {
        let event = json!({
            "id": id, "at": "2026-11-22T09:00:00Z", "kind": kind, "token": "acme", "app": "a",
            "detail": detail,
        });
        serde_json::from_value(event).unwrap()
    }

    fn placed(order: Order) -> Placed {
        let event = "10".to_owned();
        Placed::new(order, "acme", Accepted { event })
    }

    #[test]
    fn what_came_of_an_order_decides_the_answer() {
        let rotated = |outcome| event("11", "rotated", &json!({"order": "10", "outcome": outcome}));
        let derived = event("11", "derived", &json!({"order": "10", "through": "anna"}));
        let changed = event(
            "11",
            "changed",
            &json!({"order": "10", "from": "healthy", "to": "dead"}),
        );
        let checked = |detail: serde_json::Value| event("12", "checked", &detail);
        let healthy = || checked(json!({"order": "10", "state": "healthy"}));
        let dead = || checked(json!({"order": "10", "state": "dead"}));
        let not = |why| checked(json!({"order": "10", "state": "healthy", "not_rotated": why}));
        for (order, events, expected) in [
            (Order::Check, vec![healthy()], true),
            (Order::Check, vec![changed, dead()], false),
            (
                Order::Check,
                vec![checked(json!({"order": "10", "state": "failing"}))],
                false,
            ),
            (
                Order::Check,
                vec![checked(json!({"order": "10", "state": "expiring"}))],
                true,
            ),
            (Order::Rotate, vec![rotated("renewed"), healthy()], true),
            (
                Order::Rotate,
                vec![rotated("same_expiry"), healthy()],
                false,
            ),
            (Order::Rotate, vec![rotated("failed"), healthy()], false),
            (Order::Rotate, vec![derived, healthy()], true),
            (Order::Rotate, vec![not("never_expires")], true),
            (Order::Rotate, vec![not("tried_today")], false),
            (Order::Rotate, vec![healthy()], false),
        ] {
            let mut placed = placed(order);
            let (last, before) = events.split_last().unwrap();
            for event in before {
                assert!(placed.is_meant_by(event));
                assert!(!placed.ends_with(event.clone()));
            }
            assert!(placed.ends_with(last.clone()));
            assert_eq!(placed.is_a_success(), expected, "{events:?}");
            let result = serde_json::to_value(placed.result()).unwrap();
            assert_eq!(result["succeeded"], expected);
            assert_eq!(result["events"], json!(events));
        }
    }

    #[test]
    fn a_later_order_for_the_same_token_takes_its_place() {
        let mut placed = placed(Order::Rotate);
        let own = event(
            "10",
            "ordered",
            &json!({"order": "rotate", "asked_by": "anna"}),
        );
        let older = event(
            "9",
            "ordered",
            &json!({"order": "check", "asked_by": "anna"}),
        );
        let later = event(
            "15",
            "ordered",
            &json!({"order": "check", "asked_by": "anna"}),
        );
        assert!(!placed.is_meant_by(&own) && !placed.is_meant_by(&older));
        assert!(placed.is_meant_by(&later));
        assert!(!placed.ends_with(later));
        let of_the_old = event("16", "checked", &json!({"order": "10", "state": "healthy"}));
        let of_the_new = event("17", "checked", &json!({"order": "15", "state": "healthy"}));
        assert!(!placed.is_meant_by(&of_the_old) && placed.is_meant_by(&of_the_new));
        assert!(placed.ends_with(of_the_new));
    }
}
