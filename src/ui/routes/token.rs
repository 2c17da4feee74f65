//! One token: its state and why, its two clocks, what was tried, its versions, and who uses it.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use crate::api::types::{ConsumerView, LoginMethod, TokenDetail, TokenView};
use crate::model::Event;
use crate::ui::failure::Failure;
use crate::ui::page::Page;
use crate::ui::ring::{self, Ring};
use crate::ui::state::Ui;

const FIRST_CHILDREN: usize = 20;

#[derive(Serialize)]
struct Body {
    token: TokenView,
    rings: [Ring; 2],
    required_scopes: Vec<String>,
    inherited_owners: Vec<String>,
    replaced_at: Option<Timestamp>,
    order: Option<Order>,
    has_link: bool,
    has_paste: bool,
    children: Vec<String>,
    more_children: bool,
    attempts: Vec<Attempt>,
    consumers: Vec<Consumer>,
    /// What was just ordered on another page.
    notice: Option<&'static str>,
}

#[derive(Serialize)]
struct Order {
    name: String,
    requested_at: Timestamp,
    outcome: Option<&'static str>,
}

#[derive(Serialize)]
struct Attempt {
    at: Timestamp,
    text: String,
}

#[derive(Serialize)]
struct Consumer {
    #[serde(flatten)]
    view: ConsumerView,
    behind: u32,
}

pub(super) async fn show(
    State(ui): Ui,
    Path(name): Path<String>,
    Query(fields): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let (visit, detail) = ui.visit_with(ui.client.token(&name)).await?;
    let notice = fields.get("ordered").and_then(|order| notice(order));
    let page = Page::new(
        "token.html",
        "tokens",
        name,
        body(detail, visit.now(), notice),
    );
    Ok(ui.render(&visit, &page))
}

fn notice(order: &str) -> Option<&'static str> {
    match order {
        "check" => Some("A check is ordered. Load this page again to see what it found."),
        "rotate" => Some("A renewal is ordered. Load this page again to see what came of it."),
        _ => None,
    }
}

fn body(detail: TokenDetail, now: Timestamp, notice: Option<&'static str>) -> Body {
    let TokenDetail { token, .. } = &detail;
    let attempts = detail.events.iter().map(|event| Attempt {
        at: event.at,
        text: what_happened(&event.event()),
    });
    Body {
        rings: ring::of(token, now),
        consumers: consumers(token),
        attempts: attempts.collect(),
        order: detail.last_order.map(|last| Order {
            name: last.order.to_string(),
            requested_at: last.requested_at,
            outcome: last.ended.map(|end| end.outcome.describe()),
        }),
        has_link: detail.login == Some(LoginMethod::Link),
        has_paste: detail.login == Some(LoginMethod::Paste),
        more_children: detail.children.len() > FIRST_CHILDREN,
        children: detail.children.into_iter().take(FIRST_CHILDREN).collect(),
        required_scopes: detail.require_scopes,
        inherited_owners: detail.inherited_owners,
        replaced_at: detail.replaced_at,
        token: detail.token,
        notice,
    }
}

fn what_happened(event: &Event) -> String {
    match event {
        // It says only what was found.
        Event::Checked(_) => format!("checked: {}", event.describe()),
        _ => event.describe(),
    }
}

/// How many versions each is behind the one in use, by what it said or, if it never confirms, by what it was given.
fn consumers(token: &TokenView) -> Vec<Consumer> {
    let consumers = token.consumers.iter().map(|view| {
        let used = view.in_use_version.or(view.seen_version);
        Consumer {
            view: view.clone(),
            behind: used.map_or(0, |used| token.version.saturating_sub(used)),
        }
    });
    consumers.collect()
}
