//! A link, the click on it, and the way back from Meta. Looking at a link changes nothing, so that mail scanners may.
//!
//! No cookie binds a click to a browser: a browser gets no session here that another could be lured into. What is bound
//! is the click to its link, and the link to one person, whom Meta names before anything is kept.

use axum::extract::{Path, RawQuery, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::see_other;
use crate::inventory::{Incident, IncidentState, Login};
use crate::login::{dialog, policy};
use crate::secret::Secret;
use crate::token::Token;
use crate::web::lobby::{Here, Lobby};
use crate::web::page::{Fault, Page};
use crate::web::words;

/// How many of the tokens that a link is for are named.
const NAMED: usize = 20;

/// Whose login is wanted, and for what.
pub(super) async fn show(
    State(lobby): Here,
    Path(ticket): Path<String>,
) -> Result<Response, Fault> {
    let invited = invited(&lobby, &Secret::new(ticket.as_str())).await?;
    if let Some(page) = invited.obstacle(&lobby) {
        return Ok(page);
    }
    let link = lobby.public(&format!("/login/{ticket}"));
    let page = words::invitation(&invited.login, &invited.tokens, invited.count, link);
    Ok(laid_out(&lobby, page, StatusCode::OK))
}

/// On to Meta, with a secret that is good for this click alone.
pub(super) async fn click(
    State(lobby): Here,
    Path(ticket): Path<String>,
) -> Result<Response, Fault> {
    let invited = invited(&lobby, &Secret::new(ticket)).await?;
    if let Some(page) = invited.obstacle(&lobby) {
        return Ok(page);
    }
    let (login, now) = (invited.login, lobby.now());
    let settings = lobby.logins();
    let app = settings
        .app(&login.wanted.app)
        .ok_or(Fault::Nothing)?
        .clone();
    let redirect_uri = settings.redirect_uri(&app);
    let address = lobby.write(move |tx| {
        let state = tx.begin_attempt(&login, &redirect_uri, now)?;
        let was_declined = tx.was_declined_before(login.id)?;
        let auth_type = policy::auth_type(login.wanted.remedy, was_declined);
        Ok(dialog::url(&app, &redirect_uri, &state, auth_type))
    });
    Ok(see_other(&address.await?))
}

/// Meta sent somebody back. What it said is filed, once; whoever comes again sees what came of it.
pub(super) async fn callback(
    State(lobby): Here,
    method: Method,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    if method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let Some(returned) = dialog::read_return(&query.unwrap_or_default()) else {
        return Err(Fault::Nothing);
    };
    let now = lobby.now();
    let result = lobby.write(move |tx| dialog::file(tx, &returned, now));
    let Some(result) = result.await? else {
        let page = words::login_is_not_known();
        return Ok(laid_out(&lobby, page, StatusCode::BAD_REQUEST));
    };
    lobby.nudge();
    let address = lobby.public(&format!("/login/result/{}", result.expose()));
    Ok(see_other(&address))
}

/// What a link was made for, as it is now.
struct Invited {
    login: Login,
    incident: Option<Incident>,
    tokens: Vec<Token>,
    count: u64,
}

async fn invited(lobby: &Lobby, ticket: &Secret) -> Result<Invited, Fault> {
    let (ticket, now) = (ticket.clone(), lobby.now());
    let found = lobby.read(move |view| {
        let Some(login) = view.login_of_ticket(&ticket)? else {
            return Ok(None);
        };
        let incident = match login.wanted.incident {
            Some(id) => view.incident(id)?,
            None => None,
        };
        let (tokens, count) = match (&incident, &login.wanted.person) {
            (Some(incident), _) => (view.members(incident, NAMED)?, incident.affected),
            (None, Some(person)) => {
                let household = view.household_of(&login.wanted.app, person, now)?;
                let tokens = view.tokens_of_person(&login.wanted.app, person, NAMED)?;
                (tokens, household.working + household.broken)
            }
            (None, None) => (Vec::new(), 0),
        };
        Ok(Some(Invited {
            login,
            incident,
            tokens,
            count,
        }))
    });
    found.await?.ok_or(Fault::Nothing)
}

impl Invited {
    /// Why nobody needs to log in through this link, or nobody can.
    fn obstacle(&self, lobby: &Lobby) -> Option<Response> {
        if !self.login.is_open(lobby.now()) {
            return Some(laid_out(lobby, words::link_has_expired(), StatusCode::GONE));
        }
        let state = self.incident.as_ref().map(|incident| incident.state);
        match state {
            Some(IncidentState::Resolved { .. }) => {
                Some(laid_out(lobby, words::nothing_left_to_do(), StatusCode::OK))
            }
            Some(IncidentState::Open | IncidentState::Acknowledged { .. }) | None => None,
        }
    }
}

pub(super) fn laid_out(lobby: &Lobby, page: Page, status: StatusCode) -> Response {
    let style = lobby.public("/login/style.css");
    Page { style, ..page }.answer(status)
}
