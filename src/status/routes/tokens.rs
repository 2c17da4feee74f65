//! The tokens: listing them, taking them in, showing one, letting it go.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use jiff::Timestamp;

use crate::inventory::{
    Error, EventKind, Filter, Imported, NewEvent, NewToken, Order, Tx, View, name_is_valid,
};
use crate::status::reception::Here;
use crate::status::request::{Asked, Name, Operator, Sent, Viewer, no_such_token};
use crate::status::snapshot::{
    ImportRequest, Problem, ProblemType, TokenDetail, TokenList, TokenQuery, TokenView, plausible,
};
use crate::token::{Scopes, Token};

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;

/// How many events and page tokens a token is shown with.
const LATEST_EVENTS: usize = 20;
const MOST_CHILDREN: usize = 1000;

/// The inventory, page by page, in the order of names.
#[utoipa::path(get, path = "/v1/tokens", params(TokenQuery), responses((status = 200, body = TokenList)))]
pub(in crate::status) async fn list(
    _: Viewer,
    State(reception): Here,
    Asked(query): Asked<TokenQuery>,
) -> Result<Json<TokenList>, Problem> {
    let limit = query.limit.unwrap_or(USUAL_LIMIT).clamp(1, HIGHEST_LIMIT);
    let filter = filter(query, reception.now());
    let page = reception
        .read_at_length(move |view| view.tokens(&filter, limit))
        .await?;
    Ok(Json(TokenList {
        tokens: page.tokens.into_iter().map(TokenView::from).collect(),
        next: page.next,
    }))
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

/// One token, with its page tokens and what happened to it last.
#[utoipa::path(
    get, path = "/v1/tokens/{name}", params(("name" = String, Path)),
    responses((status = 200, body = TokenDetail))
)]
pub(in crate::status) async fn show(
    _: Viewer,
    State(reception): Here,
    Name(name): Name,
) -> Result<Json<TokenDetail>, Problem> {
    let detail = reception.read(move |view| detail(view, &name)).await?;
    detail.map(Json).ok_or_else(no_such_token)
}

fn detail(view: &View<'_>, name: &str) -> Result<Option<TokenDetail>, Error> {
    let Some(token) = view.token_named(name)? else {
        return Ok(None);
    };
    let events = view.latest_events(token.id, LATEST_EVENTS)?;
    Ok(Some(TokenDetail {
        children: view.children_of(token.id, MOST_CHILDREN)?,
        events: events.into_iter().map(Into::into).collect(),
        token: with_parent(view, token)?,
    }))
}

fn with_parent(view: &View<'_>, token: Token) -> Result<TokenView, Error> {
    let parent = match token.parent {
        Some(parent) => view.name_of(parent)?,
        None => None,
    };
    Ok(TokenView::from((token, parent)))
}

/// Takes a token in. It is `unverified` until the next pass has asked Meta. The same token again changes nothing.
#[utoipa::path(
    post, path = "/v1/tokens", request_body = ImportRequest,
    responses(
        (status = 201, body = TokenView, headers(("Location" = String))),
        (status = 200, body = TokenView, description = "It was there already"),
    )
)]
pub(in crate::status) async fn import(
    Operator(asked_by): Operator,
    State(reception): Here,
    Sent(request): Sent<ImportRequest>,
) -> Result<impl IntoResponse, Problem> {
    let known_app = reception
        .pulse
        .borrow()
        .apps
        .iter()
        .any(|app| app.name == request.app);
    if !known_app {
        return Err(unknown_app());
    }
    let discover = request.discover;
    let new = checked(request)?;
    let now = reception.now();
    let (status, token) = reception
        .order(move |tx| {
            let taken = take_in(tx, &new, &asked_by, now)?;
            if let (Ok((_, token)), true) = (&taken, discover) {
                tx.order(token, Order::Discover, &asked_by, now)?;
            }
            taken.map_or_else(
                |problem| Ok(Err(problem)),
                |(status, token)| Ok(Ok((status, with_parent(tx, token)?))),
            )
        })
        .await?;
    let location = format!("/v1/tokens/{}", token.name);
    Ok((
        status,
        AppendHeaders([(header::LOCATION, location)]),
        Json(token),
    ))
}

fn unknown_app() -> Problem {
    Problem::new(
        ProblemType::UnknownApp,
        "no [[app]] of this name is configured. Add it to perennial.toml and reload, or see the names: \
         perennial status",
    )
}

/// The request as the inventory takes it, or everything that is wrong with it.
fn checked(request: ImportRequest) -> Result<NewToken, Problem> {
    let mut wrong = Vec::new();
    let secret = plausible(&request.access_token).map_err(|reason| wrong.push(reason.to_owned()));
    if request
        .name
        .as_deref()
        .is_some_and(|name| !name_is_valid(name))
    {
        wrong.push(
            "name takes 1 to 100 letters, digits, dashes, dots and underscores, and does not begin with a dash \
             or a dot"
                .to_owned(),
        );
    }
    if !request.owners.iter().all(|owner| is_mail_address(owner)) {
        wrong.push("owners are mail addresses, such as ada@example.com".to_owned());
    }
    if !request.require_scopes.iter().all(|scope| is_scope(scope)) {
        wrong.push("require_scopes are names of permissions, such as pages_messaging".to_owned());
    }
    let Some(secret) = secret.ok().filter(|_| wrong.is_empty()) else {
        let problem = Problem::new(
            ProblemType::Invalid,
            "this token cannot be taken in as it is",
        );
        return Err(problem.with_problems(wrong));
    };
    Ok(NewToken {
        app: request.app,
        name: request.name,
        secret,
        owners: request.owners,
        required_scopes: request.require_scopes.iter().collect::<Scopes>(),
        parent: None,
        subject_name: None,
    })
}

/// Plausible enough that a letter can be tried; whether it arrives, the mail server tells.
pub(super) fn is_mail_address(text: &str) -> bool {
    let plain = text.len() <= 254 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let ends = text.split_once('@');
    plain
        && ends
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains([',', ';', '<', '>', '"'])
}

fn is_scope(text: &str) -> bool {
    let plain = |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
}

type Taken = Result<(StatusCode, Token), Problem>;

fn take_in(tx: &Tx<'_>, new: &NewToken, asked_by: &str, now: Timestamp) -> Result<Taken, Error> {
    let (status, id) = match tx.import(new, now)? {
        Imported::Added { id, .. } => (StatusCode::CREATED, id),
        Imported::Known { id, .. } => (StatusCode::OK, id),
        Imported::NameTaken { name } => return Ok(Err(name_taken(&name))),
    };
    let Some(token) = tx.token(id)? else {
        return Ok(Err(no_such_token()));
    };
    if status == StatusCode::CREATED {
        let event = NewEvent::about(&token, EventKind::Imported).with("asked_by", asked_by);
        tx.note(&event, now)?;
    }
    Ok(Ok((status, token)))
}

fn name_taken(name: &str) -> Problem {
    Problem::new(
        ProblemType::NameTaken,
        format!(
            "another token is named {name}. Choose another name, or put the new secret into that token with \
             PUT /v1/tokens/{name}/secret"
        ),
    )
}

/// Removes a token with all its secrets. The journal keeps its name.
#[utoipa::path(
    delete, path = "/v1/tokens/{name}", params(("name" = String, Path)), responses((status = 204))
)]
pub(in crate::status) async fn forget(
    Operator(asked_by): Operator,
    State(reception): Here,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    let now = reception.now();
    reception
        .write(move |tx| {
            let Some(token) = tx.token_named(&name)? else {
                return Ok(Err(no_such_token()));
            };
            let event = NewEvent::about(&token, EventKind::Forgotten).with("asked_by", asked_by);
            tx.note(&event, now)?;
            tx.forget(token.id)?;
            Ok(Ok(StatusCode::NO_CONTENT))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_plausible_mail_addresses() {
        for (text, expected) in [
            ("ada@example.com", true),
            ("ada+bot@sub.example.com", true),
            ("ada", false),
            ("@example.com", false),
            ("ada@", false),
            ("ada@b@c", false),
            ("ada@example.com\r\nBcc: eve@example.com", false),
            ("ada @example.com", false),
            ("Ada <ada@example.com>", false),
            ("ada@example.com,eve@example.com", false),
            ("", false),
        ] {
            assert_eq!(is_mail_address(text), expected, "{text:?}");
        }
    }

    #[test]
    fn scopes_are_names_of_permissions() {
        for (text, expected) in [
            ("pages_messaging", true),
            ("instagram_business_basic2", true),
            ("pages messaging", false),
            ("", false),
            ("Pages", false),
        ] {
            assert_eq!(is_scope(text), expected, "{text:?}");
        }
    }
}
