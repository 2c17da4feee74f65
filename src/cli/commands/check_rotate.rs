//! `perennial check` and `perennial rotate`: orders that the next sweep carries out, followed to their result.

use clap::Args;

use crate::api::types::{Accepted, EventView};
use crate::api_client::{self, Client};
use crate::cli::completion::token_names;
use crate::cli::event_follower::Follower;
use crate::cli::terminal::event_text;
use crate::cli::terminal::text::all_of;
use crate::cli::{Answer, Error, Terminal, hints};
use crate::model::{Cause, Event, Outcome, RejectReason, Span, State};

/// Check tokens with Meta now, and print the result
///
/// Exit code 1 unless each of them works, 3 if the daemon cannot be reached.
#[derive(Clone, Debug, Args)]
pub struct CheckOptions {
    #[command(flatten)]
    whom: Whom,
}

/// Renew tokens now, and print the result
///
/// A new token counts only if, according to Meta, it expires later than the old one; until then the old one is used.
/// Exit code 1 unless each token was renewed or never expires.
#[derive(Clone, Debug, Args)]
pub struct RotateOptions {
    #[command(flatten)]
    whom: Whom,
}

#[derive(Clone, Debug, Args)]
struct Whom {
    /// The names of the tokens
    #[arg(required = true, value_name = "NAME", add = token_names())]
    names: Vec<String>,
    /// How long to wait for the result
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Check,
    Rotate,
}

pub(crate) async fn check(
    options: CheckOptions,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    carry_out(Order::Check, options.whom, client, terminal).await
}

pub(crate) async fn rotate(
    options: RotateOptions,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    carry_out(Order::Rotate, options.whom, client, terminal).await
}

async fn carry_out(
    order: Order,
    mut whom: Whom,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    whom.names.sort_unstable();
    whom.names.dedup();
    let (mut waiting, refused) = place(order, &whom.names, client, terminal).await?;
    let Some(first) = waiting.first() else {
        return Ok(Answer::No);
    };
    let mut follower = Follower::begin(client, Some(&first.event), whom.timeout).await?;
    let mut answer = refused;
    let mut hint = None;
    while !waiting.is_empty() {
        let Some(event) = follower.next().await? else {
            terminal.warn(&timed_out(&waiting));
            return Ok(Answer::No);
        };
        let Some(index) = waiting.iter().position(|placed| placed.is_meant_by(&event)) else {
            continue;
        };
        terminal.print(&event_text::line(&waiting[index].name, &event))?;
        hint = hint.or_else(|| hint_after(&event));
        if waiting[index].ends_with(&event) && !waiting.swap_remove(index).is_a_success(order) {
            answer = Answer::No;
        }
    }
    if let Some(hint) = hint {
        terminal.warn(hint);
    }
    Ok(answer)
}

/// What to do after a refusal. A reload ends every back-off but those that Meta asked for.
fn hint_after(event: &EventView) -> Option<&'static str> {
    const WAIT: &str = "The daemon checks the tokens by itself after that; calls before then would only make it \
                        longer.";
    const RELOAD: &str = "The daemon checks the tokens by itself after that. If you have fixed the cause, make it try \
                          now: systemctl reload perennial";
    match event.event() {
        Event::OrderRefused {
            cause: Cause::Throttled | Cause::Blocked,
            ..
        } => Some(WAIT),
        Event::OrderRefused { .. } => Some(RELOAD),
        _ => None,
    }
}

/// Places each order; a refused order does not prevent the others.
async fn place(
    order: Order,
    names: &[String],
    client: &Client,
    terminal: &mut Terminal,
) -> Result<(Vec<Placed>, Answer), Error> {
    let mut placed = Vec::new();
    let mut answer = Answer::Yes;
    for name in names {
        let accepted = match order {
            Order::Check => client.check(name).await,
            Order::Rotate => client.rotate(name).await,
        };
        match accepted {
            Ok(accepted) => placed.push(Placed::new(name, accepted)),
            Err(api_client::Error::Refused(problem)) => {
                terminal.warn(&format!("{name}: {}", hints::with_next_step(&problem)));
                answer = Answer::No;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((placed, answer))
}

fn timed_out(waiting: &[Placed]) -> String {
    let names: Vec<String> = waiting.iter().map(|placed| placed.name.clone()).collect();
    format!(
        "No result yet for {}. The daemon still carries out the order. See the result: perennial show {}",
        all_of(&names),
        names.first().map_or("NAME", String::as_str)
    )
}

/// An order that was placed, and its result so far.
struct Placed {
    name: String,
    event: String,
    is_renewed: bool,
    needs_no_renewal: bool,
    state: Option<State>,
}

impl Placed {
    fn new(name: &str, accepted: Accepted) -> Self {
        Self {
            name: name.to_owned(),
            event: accepted.event,
            is_renewed: false,
            needs_no_renewal: false,
            state: None,
        }
    }

    fn is_meant_by(&self, event: &EventView) -> bool {
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
    fn ends_with(&mut self, event: &EventView) -> bool {
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

    fn is_a_success(&self, order: Order) -> bool {
        let works = self.state.is_some_and(State::works);
        works && (order == Order::Check || self.is_renewed || self.needs_no_renewal)
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

    fn placed() -> Placed {
        let event = "10".to_owned();
        Placed::new("acme", Accepted { event })
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
            let mut placed = placed();
            let (last, before) = events.split_last().unwrap();
            for event in before {
                assert!(placed.is_meant_by(event));
                assert!(!placed.ends_with(event));
            }
            assert!(placed.ends_with(last));
            assert_eq!(placed.is_a_success(order), expected, "{events:?}");
        }
    }

    #[test]
    fn a_later_order_for_the_same_token_takes_its_place() {
        let mut placed = placed();
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
        assert!(!placed.ends_with(&later));
        let of_the_old = event("16", "checked", &json!({"order": "10", "state": "healthy"}));
        let of_the_new = event("17", "checked", &json!({"order": "15", "state": "healthy"}));
        assert!(!placed.is_meant_by(&of_the_old) && placed.is_meant_by(&of_the_new));
        assert!(placed.ends_with(&of_the_new));
    }
}
