//! Logins: creates a link for a person, or the address of Meta's dialog for someone who pastes the result. Nothing here
//! waits for Meta or the person: Meta's answer is stored, and the next sweep acts on it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::api::problem_response::JobError;
use crate::api::request::{Id, Operator, PathId, Sent, Viewer, no_such_token};
use crate::api::state::SharedAppState;
use crate::api::types::{
    Accepted, CompletionRequest, LoginLink, LoginRequest, LoginView, Problem, ProblemType,
};
use crate::inventory::{Error, Tx};
use crate::login::{self, oauth_dialog, policy, progress};
use crate::model::{EventId, Login, LoginId, NewLogin, Remedy, Token};

/// How long an operator's link is valid: time enough to hand it to a colleague.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How many such links are kept, expired ones included.
pub(super) const MOST_LOGINS: u64 = 2_000;

/// Starts a login. The link is for the person's browser, and valid for a day.
#[utoipa::path(
    post, path = "/v1/logins", request_body = LoginRequest, responses((status = 201, body = LoginLink))
)]
pub(in crate::api) async fn open(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Sent(request): Sent<LoginRequest>,
) -> Result<(StatusCode, Json<LoginLink>), Problem> {
    let settings = app_state.settings.borrow().logins.clone();
    let now = app_state.now();
    if settings.public_url.is_none() && !request.paste {
        return Err(no_public_part());
    }
    let opened = app_state.transact(move |tx| {
        if tx.logins_by_hand()? >= MOST_LOGINS {
            return Err(too_many_logins().into());
        }
        let wanted = wanted(tx, &request, &settings, now)?;
        let expires_at = wanted.expires_at;
        let public_url = settings.public_url.clone().unwrap_or_default();
        let (id, link) = tx.open_login_for_operator(&wanted, &public_url, &asked_by, now)?;
        let url = match settings.app(&wanted.app).filter(|_| request.paste) {
            Some(app) => {
                let redirect_uri = settings.redirect_uri(app);
                let redirect_uri = redirect_uri.ok_or_else(no_place_to_return)?;
                at_metas(tx, app, id, &redirect_uri, now)?
            }
            None => link,
        };
        Ok(LoginLink {
            url,
            id: id.0.to_string(),
            expires_at,
        })
    });
    Ok((StatusCode::CREATED, Json(opened.await?)))
}

pub(super) fn wanted(
    tx: &Tx<'_>,
    request: &LoginRequest,
    settings: &login::Settings,
    now: Timestamp,
) -> Result<NewLogin, JobError> {
    let token = match &request.token {
        Some(name) => Some(tx.token_named(name)?.ok_or_else(no_such_token)?),
        None => None,
    };
    let of_token = token.as_ref().map(|token| token.app.clone());
    let only = match settings.apps.as_slice() {
        [only] => Some(only.name.clone()),
        _ => None,
    };
    let app = request.app.clone().or(of_token.clone()).or(only);
    let app = app.ok_or_else(which_app)?;
    if of_token.is_some_and(|of_token| of_token != app) || settings.app(&app).is_none() {
        return Err(unknown_app().into());
    }
    Ok(NewLogin {
        app,
        person: token.as_ref().map(person_of).transpose()?,
        remedy: token.as_ref().map_or(Remedy::Login, remedy_of),
        token: token.map(|token| token.id),
        incident: None,
        accepts_fewer: request.accept_fewer,
        expires_at: now.checked_add(GOOD_FOR).unwrap_or(Timestamp::MAX),
    })
}

/// The person who has to log in for this token. A link without a person would accept any login.
fn person_of(token: &Token) -> Result<String, Problem> {
    let facts = token.facts.as_ref();
    let person = facts.map(|facts| facts.person.clone());
    person
        .filter(|person| !person.is_empty())
        .ok_or_else(|| person_unknown(token))
}

/// Meta's dialog asks again for a declined permission only if it is told to (`GrantPermissions`).
fn remedy_of(token: &Token) -> Remedy {
    let lacks = !token.missing_scopes().is_empty();
    let granting = lacks.then_some(Remedy::GrantPermissions);
    token.remedy().or(granting).unwrap_or(Remedy::Login)
}

/// The address of Meta's dialog, for someone who pastes the result.
fn at_metas(
    tx: &Tx<'_>,
    app: &login::App,
    id: LoginId,
    redirect_uri: &str,
    now: Timestamp,
) -> Result<String, Error> {
    let Some(login) = tx.login(id)? else {
        return Ok(String::new());
    };
    let state = tx.begin_attempt(&login, Some(redirect_uri), now)?;
    let auth_type = policy::auth_type(login.wanted.remedy, false);
    Ok(oauth_dialog::url(app, redirect_uri, &state, auth_type))
}

/// The progress of a login, and its result.
#[utoipa::path(
    get, path = "/v1/logins/{id}", params(("id" = String, Path)), responses((status = 200, body = LoginView))
)]
pub(in crate::api) async fn show(
    _: Viewer,
    State(app_state): SharedAppState,
    Id(id): Id<LoginId>,
) -> Result<Json<LoginView>, Problem> {
    let now = app_state.now();
    let found = app_state.read(move |view| {
        let Some(login) = view.login(id)? else {
            return Ok(None);
        };
        let attempt = view.latest_attempt(id)?;
        let progress = progress(view, &login, attempt, now)?;
        Ok(Some(LoginView::new(login, progress)))
    });
    found.await?.map(Json).ok_or_else(LoginId::missing)
}

/// Takes the address that the browser ended at. The next sweep asks Meta what it gives.
#[utoipa::path(
    post, path = "/v1/logins/{id}/complete", params(("id" = String, Path)),
    request_body = CompletionRequest, responses((status = 202, body = Accepted))
)]
pub(in crate::api) async fn complete(
    _: Operator,
    State(app_state): SharedAppState,
    Id(id): Id<LoginId>,
    Sent(request): Sent<CompletionRequest>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let now = app_state.now();
    let Some(returned) = oauth_dialog::read_pasted(&request.address) else {
        return Err(not_an_address());
    };
    let filed = app_state.order(move |tx| {
        let login = tx.login(id)?.ok_or_else(LoginId::missing)?;
        file(tx, &login, &returned, now)
    });
    Ok((StatusCode::ACCEPTED, Json(Accepted::from(filed.await?))))
}

fn file(
    tx: &Tx<'_>,
    login: &Login,
    returned: &oauth_dialog::Return,
    now: Timestamp,
) -> Result<EventId, JobError> {
    let attempt = tx.attempt_of_state(&returned.state)?;
    let attempt = attempt.filter(|attempt| attempt.login == login.id);
    if !attempt.ok_or_else(of_another_login)?.is_awaited(now) {
        return Err(login_is_over().into());
    }
    oauth_dialog::file(tx, returned, now)?;
    Ok(tx.newest_event()?)
}

fn no_public_part() -> Problem {
    Problem::new(
        ProblemType::NoPublicPart,
        "there is no [web] in the configuration, so Meta cannot send people back here. Log in yourself, and paste the \
         address that the browser ends at: perennial login --paste",
    )
}

/// Only Facebook has an empty page for that.
fn no_place_to_return() -> Problem {
    Problem::new(
        ProblemType::NoPublicPart,
        "there is no [web] in the configuration, and the app's platform has no page to which it could send a person \
         back. Add [web], or import a token that you made in Meta's app dashboard: perennial import",
    )
}

pub(super) fn too_many_logins() -> Problem {
    Problem::new(
        ProblemType::TooManyLogins,
        format!(
            "{MOST_LOGINS} login links were made within the last eight days, which is the limit. Use one that is \
             still open, or try again tomorrow"
        ),
    )
}

fn which_app() -> Problem {
    Problem::new(
        ProblemType::Ambiguous,
        "there are several apps. Name one of them: perennial login --app APP",
    )
}

fn unknown_app() -> Problem {
    Problem::new(
        ProblemType::UnknownApp,
        "there is no [[app]] of this name in the configuration, or the token belongs to another app. See the names: \
         perennial status",
    )
}

fn person_unknown(token: &Token) -> Problem {
    let name = &token.name;
    let app = &token.app;
    Problem::new(
        ProblemType::PersonUnknown,
        format!(
            "Meta has not said whose token {name} is, so any person's login would replace it. Ask Meta first: perennial \
             check {name}. If Meta cannot read this token, get a new one: perennial login --app {app}"
        ),
    )
}

fn not_an_address() -> Problem {
    Problem::new(
        ProblemType::Invalid,
        "this is not the address that a browser ends at after a login: it must contain state=, and code= or error=. \
         Copy the whole address from the address bar",
    )
}

fn of_another_login() -> Problem {
    Problem::new(
        ProblemType::OtherLogin,
        "this address belongs to another login. Nothing was changed. Start again: perennial login --paste",
    )
}

fn login_is_over() -> Problem {
    Problem::new(
        ProblemType::LoginOver,
        "this login was completed before, or started too long ago. Nothing was changed. Start again: perennial login \
         --paste",
    )
}
