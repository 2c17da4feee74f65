//! Shows the result of a login to the person who returned from Meta. The page reloads until the result is known.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;

use crate::login::{LoginProgress, progress};
use crate::secret::Secret;
use crate::web::page::{Button, Page, PageError};
use crate::web::reader::Reader;
use crate::web::state::SharedAppState;
use crate::web::text;

/// After this time, the page no longer promises a quick answer.
const LONG: SignedDuration = SignedDuration::from_secs(30);

pub(super) async fn show(
    State(app_state): SharedAppState,
    reader: Reader,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let now = app_state.now();
    let address = app_state.public(&format!("/login/result/{name}"));
    let found = app_state.read(move |view| {
        let Some(attempt) = view.attempt_of_result(&Secret::new(name))? else {
            return Ok(None);
        };
        let Some(login) = view.login(attempt.login)? else {
            return Ok(None);
        };
        let login_ticket = view
            .login_ticket_of(login.id)?
            .filter(|_| login.is_open(now));
        let progress = progress(view, &login, Some(attempt), now)?;
        Ok(Some((login, login_ticket, progress)))
    });
    let Some((login, login_ticket, progress)) = found.await? else {
        let page = text::link_is_not_known(&reader);
        return Ok(app_state.laid_out(&reader, page, StatusCode::NOT_FOUND));
    };
    let again = login_ticket.map(|login_ticket| Button {
        action: app_state.public(&format!("/login/{}", login_ticket.expose())),
        text: reader.texts().result.again.to_owned(),
    });
    let logins = app_state.logins();
    let platform = logins.platform_title(&login.wanted.app);
    let page = match progress {
        LoginProgress::Awaited | LoginProgress::Expired => return Err(PageError::Nothing),
        LoginProgress::Asking { since } => {
            text::one_moment(&reader, now.duration_since(since) > LONG, platform)
        }
        LoginProgress::Granted(account) => text::account(&reader, &account, platform, again),
        LoginProgress::Refused(ending) => {
            text::failure_page(&reader, &login, platform, &ending, again)
        }
    };
    Ok(app_state.laid_out(&reader, Page { address, ..page }, StatusCode::OK))
}
