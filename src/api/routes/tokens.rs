//! The tokens: lists them, shows one, removes one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;

use crate::api::request::{Asked, Name, Operator, Viewer, no_such_token};
use crate::api::state::SharedAppState;
use crate::api::types::{Problem, ProblemType, TokenDetail, TokenList, TokenQuery, TokenView};
use crate::inventory::{Error, EventKind, Filter, NewEvent, View};
use crate::model::Token;

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;

/// The most events and page tokens in the answer for one token.
const LATEST_EVENTS: usize = 20;
const MOST_CHILDREN: usize = 1000;

/// The tokens, page by page, sorted by name.
#[utoipa::path(get, path = "/v1/tokens", params(TokenQuery), responses((status = 200, body = TokenList)))]
pub(in crate::api) async fn list(
    viewer: Viewer,
    State(app_state): SharedAppState,
    Asked(query): Asked<TokenQuery>,
) -> Result<Json<TokenList>, Problem> {
    let limit = limit(&query)?;
    let filter = filter(query, app_state.now());
    let page = app_state
        .read_at_length(viewer.rank, move |view| view.tokens(&filter, limit))
        .await?;
    Ok(Json(TokenList {
        tokens: page.tokens.into_iter().map(TokenView::from).collect(),
        next: page.next,
    }))
}

fn limit(query: &TokenQuery) -> Result<usize, Problem> {
    let limit = query.limit.unwrap_or(USUAL_LIMIT);
    if (1..=HIGHEST_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("limit: expected a number from 1 to {HIGHEST_LIMIT}");
    Err(Problem::new(ProblemType::Malformed, detail))
}

fn filter(query: TokenQuery, now: Timestamp) -> Filter {
    Filter {
        state: query.state,
        kind: query.kind,
        app: query.app,
        parent: query.parent,
        ends_before: query.expires_within.map(|span| now + span.duration()),
        after: query.after,
    }
}

/// One token, with its page tokens and its latest events.
#[utoipa::path(
    get, path = "/v1/tokens/{name}", params(("name" = String, Path)),
    responses((status = 200, body = TokenDetail))
)]
pub(in crate::api) async fn show(
    _: Viewer,
    State(app_state): SharedAppState,
    Name(name): Name,
) -> Result<Json<TokenDetail>, Problem> {
    let detail = app_state.read(move |view| detail(view, &name)).await?;
    detail.map(Json).ok_or_else(no_such_token)
}

fn detail(view: &View<'_>, name: &str) -> Result<Option<TokenDetail>, Error> {
    let Some(token) = view.token_named(name)? else {
        return Ok(None);
    };
    let events = view.latest_events(token.id, LATEST_EVENTS)?;
    Ok(Some(TokenDetail {
        webhook_subscription: view.subscription(token.id)?.map(Into::into),
        children: view.children_of(token.id, MOST_CHILDREN)?,
        events: events.into_iter().map(Into::into).collect(),
        token: with_parent(view, token)?,
    }))
}

pub(super) fn with_parent(view: &View<'_>, token: Token) -> Result<TokenView, Error> {
    let parent = match token.parent {
        Some(parent) => view.name_of(parent)?,
        None => None,
    };
    Ok(TokenView::from((token, parent)))
}

/// Removes a token with all its secrets. The journal keeps its name.
#[utoipa::path(
    delete, path = "/v1/tokens/{name}", params(("name" = String, Path)), responses((status = 204))
)]
pub(in crate::api) async fn forget(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    let now = app_state.now();
    app_state
        .write(move |tx| {
            let Some(token) = tx.token_named(&name)? else {
                return Ok(Err(no_such_token()));
            };
            let event = NewEvent::about(&token, EventKind::Forgotten).with("asked_by", asked_by);
            tx.record_event(&event, now)?;
            tx.forget(token.id)?;
            Ok(Ok(StatusCode::NO_CONTENT))
        })
        .await
}
