//! Login links, the click on them, and the callback from Meta. Opening a link changes nothing, so mail scanners may do
//! it.
//!
//! No cookie ties a click to a browser, because a browser gets no session here that an attacker could lure another one
//! into. Instead, the click is tied to its link, and the link to one person: Meta names the person who logged in before
//! anything is kept.

use axum::extract::{Path, RawQuery, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::check;
use super::invited::{Invited, invited, unknown};
use super::see_other;
use crate::login::{oauth_dialog, policy};
use crate::secret::Secret;
use crate::web::page::PageError;
use crate::web::reader::Reader;
use crate::web::state::{AppState, SharedAppState};
use crate::web::text;

/// Shows who has to log in, and for which tokens.
pub(super) async fn show(
    State(app_state): SharedAppState,
    reader: Reader,
    Path(login_ticket): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let Some(invited) = invited(&app_state, &Secret::new(login_ticket.as_str())).await? else {
        return Ok(unknown(&app_state, &reader));
    };
    if let Some(page) = invited.unusable_reason(&app_state, &reader) {
        return Ok(page);
    }
    let link = app_state.public(&format!("/login/{login_ticket}"));
    if invited.login.wanted.remedy.is_lifted_elsewhere() {
        let pressed = query.as_deref() == Some(check::PRESSED);
        return check::show(&app_state, &reader, invited, &link, pressed).await;
    }
    Ok(invitation(&app_state, &reader, &invited, link))
}

fn invitation(app_state: &AppState, reader: &Reader, invited: &Invited, link: String) -> Response {
    let logins = app_state.logins();
    let app = logins.app(&invited.login.wanted.app);
    let scopes = app.filter(|app| app.config_id.is_none());
    let scopes = scopes.map(|app| app.scopes.iter().map(str::to_owned).collect());
    let invitation = text::Invitation {
        login: &invited.login,
        platform: logins.platform_title(&invited.login.wanted.app),
        dialog_url: app.map_or("", |app| &app.dialog_url),
        scopes: scopes.unwrap_or_default(),
        tokens: &invited.tokens,
        count: invited.count,
    };
    let page = text::invitation(reader, &invitation, link);
    app_state.laid_out(reader, page, StatusCode::OK)
}

/// Redirects to Meta's dialog, with a `state` that is valid for this click only.
pub(super) async fn click(
    State(app_state): SharedAppState,
    reader: Reader,
    Path(login_ticket): Path<String>,
) -> Result<Response, PageError> {
    let Some(invited) = invited(&app_state, &Secret::new(login_ticket)).await? else {
        return Ok(unknown(&app_state, &reader));
    };
    if let Some(page) = invited.unusable_reason(&app_state, &reader) {
        return Ok(page);
    }
    let (login, now) = (invited.login, app_state.now());
    let settings = app_state.logins();
    let app = settings.app(&login.wanted.app).cloned();
    let app = app.ok_or(PageError::Nothing)?;
    let redirect_uri = settings.redirect_uri(&app).ok_or(PageError::Nothing)?;
    let address = app_state.write(move |tx| {
        let state = tx.begin_attempt(&login, Some(&redirect_uri), now)?;
        let was_declined = tx.was_declined_before(login.id)?;
        let auth_type = policy::auth_type(login.wanted.remedy, was_declined);
        Ok(oauth_dialog::url(&app, &redirect_uri, &state, auth_type))
    });
    Ok(see_other(&address.await?))
}

/// The callback from Meta. Its answer is stored once; a repeated call only shows the result.
pub(super) async fn callback(
    State(app_state): SharedAppState,
    reader: Reader,
    method: Method,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    if method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let Some(returned) = oauth_dialog::read_return(&query.unwrap_or_default()) else {
        return Err(PageError::Nothing);
    };
    let now = app_state.now();
    let result = app_state.write(move |tx| oauth_dialog::file(tx, &returned, now));
    let Some(result) = result.await? else {
        let page = text::login_is_not_known(&reader);
        return Ok(app_state.laid_out(&reader, page, StatusCode::BAD_REQUEST));
    };
    app_state.announce_work();
    let address = app_state.public(&format!("/login/result/{}", result.expose()));
    Ok(see_other(&address))
}
