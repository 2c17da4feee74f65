//! The tokens: lists them, shows one, removes one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;

use super::calendars;
use crate::api::request::{Asked, Asker, Name, Operator, Viewer, no_such_token};
use crate::api::state::SharedAppState;
use crate::api::types::{
    LoginMethod, Problem, ProblemType, TokenDetail, TokenList, TokenQuery, TokenView,
};
use crate::inventory::{After, Cursor, Error, Filter, Prefix, Sort, View};
use crate::login;
use crate::model::{Event, NewEvent, Token};

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;

/// The most events and page tokens in the answer for one token.
const LATEST_EVENTS: usize = 20;
const MOST_CHILDREN: usize = 1000;

/// The tokens, page by page: by name, or the most urgent first.
#[utoipa::path(get, path = "/v1/tokens", params(TokenQuery), responses((status = 200, body = TokenList)))]
pub(in crate::api) async fn list(
    viewer: Viewer,
    State(app_state): SharedAppState,
    Asked(query): Asked<TokenQuery>,
) -> Result<Json<TokenList>, Problem> {
    let limit = limit(&query)?;
    let filter = filter(query, app_state.now())?;
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

fn filter(query: TokenQuery, now: Timestamp) -> Result<Filter, Problem> {
    Ok(Filter {
        state: query.state,
        kind: query.kind,
        app: query.app,
        parent: query.parent,
        behind: query.behind,
        prefix: query.prefix.map(Prefix::new),
        ends_before: query.expires_within.map(|span| now + span.duration()),
        after: match query.sort.unwrap_or(Sort::Name) {
            Sort::Name => After::Name(query.after),
            Sort::Urgency => After::Urgency(query.after.as_deref().map(cursor).transpose()?),
        },
    })
}

fn cursor(after: &str) -> Result<Cursor, Problem> {
    Cursor::parse(after).ok_or_else(|| {
        let detail = "after: expected the `next` of a page that was asked for with sort=urgency";
        Problem::new(ProblemType::NoSuchPage, detail)
    })
}

/// One token, with its page tokens and its latest events.
#[utoipa::path(
    get, path = "/v1/tokens/{name}", params(("name" = String, Path)),
    responses((status = 200, body = TokenDetail))
)]
pub(in crate::api) async fn show(
    _: Viewer,
    asker: Asker,
    State(app_state): SharedAppState,
    Name(name): Name,
) -> Result<Json<TokenDetail>, Problem> {
    let logins = app_state.settings.borrow().logins.clone();
    let public_url = logins.public_url.clone();
    let found = app_state.read(move |view| {
        let detail = detail(view, &name, &logins)?;
        Ok(detail.zip(view.token_named(&name)?))
    });
    let (mut detail, token) = found.await?.ok_or_else(no_such_token)?;
    if let Some(public_url) = public_url.filter(|_| asker.roles.operator) {
        detail.calendar = calendars::of_token(&app_state, &token, public_url).await;
    }
    Ok(Json(detail))
}

fn detail(
    view: &View<'_>,
    name: &str,
    logins: &login::Settings,
) -> Result<Option<TokenDetail>, Error> {
    let Some(token) = view.token_named(name)? else {
        return Ok(None);
    };
    let events = view.latest_events(token.id, LATEST_EVENTS)?;
    Ok(Some(TokenDetail {
        require_scopes: token.required_scopes.iter().map(str::to_owned).collect(),
        inherited_owners: inherited_owners(view, &token)?,
        replaced_at: view.replaced_at(&token)?,
        last_order: view.last_order(token.id)?,
        login: login_method(logins, &token.app),
        webhook_subscription: view.subscription(token.id)?.map(Into::into),
        calendar: None,
        children: view.children_of(token.id, MOST_CHILDREN)?,
        events: events.into_iter().map(Into::into).collect(),
        token: with_parent(view, token)?,
    }))
}

/// The owners of the parent are notified where a token has none of its own.
fn inherited_owners(view: &View<'_>, token: &Token) -> Result<Vec<String>, Error> {
    let parent = match token.parent.filter(|_| token.owners.is_empty()) {
        Some(parent) => view.token(parent)?,
        None => None,
    };
    Ok(parent.map(|parent| parent.owners).unwrap_or_default())
}

fn login_method(logins: &login::Settings, app: &str) -> Option<LoginMethod> {
    let app = logins.app(app)?;
    match &logins.public_url {
        Some(_) => Some(LoginMethod::Link),
        None => logins.redirect_uri(app).map(|_| LoginMethod::Paste),
    }
}

pub(super) fn with_parent(view: &View<'_>, token: Token) -> Result<TokenView, Error> {
    let parent = match token.parent {
        Some(parent) => view.name_of(parent)?,
        None => None,
    };
    let consumers = view.consumers(token.id)?;
    Ok(TokenView::from((token, parent, consumers)))
}

/// Removes a token with all its secrets. The journal keeps its name.
#[utoipa::path(
    delete, path = "/v1/tokens/{name}", params(("name" = String, Path)), responses((status = 204))
)]
pub(in crate::api) async fn forget(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    name: Name,
) -> Result<StatusCode, Problem> {
    let now = app_state.now();
    app_state
        .transact(move |tx| {
            let token = name.token(tx)?;
            let event = NewEvent::about(&token, Event::Forgotten { asked_by });
            tx.record_event(&event, now)?;
            tx.forget(token.id)?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
