//! What came of a login, for the person who came back from Meta. It looks again by itself until that is known.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;

use super::login::laid_out;
use crate::login::{Standing, standing};
use crate::secret::Secret;
use crate::web::lobby::Here;
use crate::web::page::{Button, Fault, Page};
use crate::web::words;

/// From then on the page does not promise an answer in a moment.
const LONG: SignedDuration = SignedDuration::from_secs(30);

pub(super) async fn show(State(lobby): Here, Path(name): Path<String>) -> Result<Response, Fault> {
    let now = lobby.now();
    let address = lobby.public(&format!("/login/result/{name}"));
    let found = lobby.read(move |view| {
        let Some(attempt) = view.attempt_of_result(&Secret::new(name))? else {
            return Ok(None);
        };
        let Some(login) = view.login(attempt.login)? else {
            return Ok(None);
        };
        let ticket = view.ticket_of(login.id)?.filter(|_| login.is_open(now));
        let standing = standing(view, &login, Some(attempt), now)?;
        Ok(Some((login, ticket, standing)))
    });
    let (login, ticket, standing) = found.await?.ok_or(Fault::Nothing)?;
    let again = ticket.map(|ticket| Button {
        action: lobby.public(&format!("/login/{}", ticket.expose())),
        words: "Log in again".to_owned(),
    });
    let page = match standing {
        Standing::Awaited | Standing::Expired => return Err(Fault::Nothing),
        Standing::Asking { since } => words::one_moment(now.duration_since(since) > LONG),
        Standing::Granted(account) => words::account(&account, again),
        Standing::Refused(ending) => words::refusal(&login, &ending, again),
    };
    Ok(laid_out(&lobby, Page { address, ..page }, StatusCode::OK))
}
