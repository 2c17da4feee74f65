//! The tokens: filters, pages of a limited length, and all of them as CSV.

use std::collections::HashMap;

use axum::extract::Query;
use axum::response::Response;
use serde::Serialize;

use crate::api::types::{Sort, TokenQuery, TokenView};
use crate::api_client::with_query;
use crate::model::{Kind, State as TokenState};
use crate::ui::export;
use crate::ui::failure::Failure;
use crate::ui::page::Page;
use crate::ui::state::Ui;

/// As many rows as fit into 50 kB, even with long names.
const ROWS: usize = 50;

type Fields = HashMap<String, String>;

#[derive(Serialize)]
struct Body {
    tokens: Vec<TokenView>,
    filter: Filter,
    states: Vec<&'static str>,
    kinds: Vec<&'static str>,
    apps: Vec<String>,
    total: u64,
    /// The address of the next page.
    next: Option<String>,
    first: Option<String>,
    export: String,
}

/// What was chosen, as the form shows it again.
#[derive(Serialize)]
struct Filter {
    prefix: String,
    state: &'static str,
    kind: &'static str,
    app: String,
    parent: String,
    sort: &'static str,
    behind: bool,
}

pub(super) async fn show(Ui(ui): Ui, Query(fields): Query<Fields>) -> Result<Response, Failure> {
    let query = query(&fields);
    let (visit, list) = ui.visit_with(ui.client.tokens(&query)).await?;
    let apps = visit.status.apps.iter().map(|app| app.name.clone());
    let address = |path: &str, after: Option<String>| {
        let query = TokenQuery {
            limit: None,
            after,
            ..query.clone()
        };
        with_query(&ui.path(path), &query)
    };
    let body = Body {
        filter: Filter::of(&query),
        states: TokenState::ALL.iter().map(|state| state.as_str()).collect(),
        kinds: Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        apps: apps.collect(),
        total: visit.status.tokens.total,
        next: list.next.map(|next| address("/tokens", Some(next))),
        first: query.after.as_ref().map(|_| address("/tokens", None)),
        export: address("/tokens.csv", None),
        tokens: list.tokens,
    };
    let page = Page::new("tokens.html", "tokens", "Tokens".to_owned(), body);
    Ok(ui.render(&visit, &page))
}

pub(super) async fn export(Ui(ui): Ui, Query(fields): Query<Fields>) -> Result<Response, Failure> {
    export::csv(ui, query(&fields)).await
}

/// An empty field of the form, and a value that is unknown, count as left out.
fn query(fields: &Fields) -> TokenQuery {
    let field = |name: &str| {
        let value = fields.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    };
    TokenQuery {
        state: field("state").and_then(TokenState::from_name),
        kind: field("kind").and_then(Kind::from_name),
        app: field("app").map(str::to_owned),
        parent: field("parent").map(str::to_owned),
        expires_within: None,
        behind: field("behind").is_some_and(|value| value == "true"),
        prefix: field("prefix").map(str::to_owned),
        sort: Some(
            field("sort")
                .and_then(Sort::from_name)
                .unwrap_or(Sort::Urgency),
        ),
        limit: Some(ROWS),
        after: field("after").map(str::to_owned),
    }
}

impl Filter {
    fn of(query: &TokenQuery) -> Self {
        Self {
            prefix: query.prefix.clone().unwrap_or_default(),
            state: query.state.map_or("", TokenState::as_str),
            kind: query.kind.map_or("", Kind::as_str),
            app: query.app.clone().unwrap_or_default(),
            parent: query.parent.clone().unwrap_or_default(),
            sort: query.sort.unwrap_or(Sort::Urgency).as_str(),
            behind: query.behind,
        }
    }
}
