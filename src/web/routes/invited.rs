//! What a link is for, and the pages for a link that cannot be used.

use axum::http::StatusCode;
use axum::response::Response;

use crate::model::{Incident, IncidentState, Login, Token};
use crate::secret::Secret;
use crate::web::page::PageError;
use crate::web::reader::Reader;
use crate::web::state::AppState;
use crate::web::text;

/// How many of the link's tokens are named.
pub(super) const NAMED: usize = 20;

/// What a login link is for, at present.
pub(super) struct Invited {
    pub(super) login: Login,
    pub(super) incident: Option<Incident>,
    pub(super) tokens: Vec<Token>,
    pub(super) count: u64,
}

pub(super) async fn invited(
    app_state: &AppState,
    login_ticket: &Secret,
) -> Result<Option<Invited>, PageError> {
    let (login_ticket, now) = (login_ticket.clone(), app_state.now());
    let found = app_state.read(move |view| {
        let Some(login) = view.login_of_ticket(&login_ticket)? else {
            return Ok(None);
        };
        let incident = match login.wanted.incident {
            Some(id) => view.incident(id)?,
            None => None,
        };
        let (tokens, count) = match (&incident, &login.wanted.person) {
            (Some(incident), _) => (view.tokens_of_incident(incident, NAMED)?, incident.affected),
            (None, Some(person)) => {
                let token_counts = view.token_counts_of(&login.wanted.app, person, now)?;
                let tokens = view.tokens_of_person(&login.wanted.app, person, NAMED)?;
                (tokens, token_counts.working + token_counts.broken)
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
    Ok(found.await?)
}

impl Invited {
    /// The page to show when this link is expired or no longer needed.
    pub(super) fn unusable_reason(
        &self,
        app_state: &AppState,
        reader: &Reader,
    ) -> Option<Response> {
        let state = self.incident.as_ref().map(|incident| incident.state);
        let (page, status) = if !self.login.is_open(app_state.now()) {
            (text::link_has_expired(reader), StatusCode::GONE)
        } else if matches!(state, Some(IncidentState::Resolved { .. })) {
            {
                let works = self.tokens.iter().filter(|token| token.works());
                let works: Vec<Token> = works.cloned().collect();
                let count = works.len() as u64;
                (
                    text::nothing_left_to_do(reader, &works, count),
                    StatusCode::OK,
                )
            }
        } else {
            return None;
        };
        Some(app_state.laid_out(reader, page, status))
    }
}

/// Says whom to ask. A stranger learns only what the operator chose to show.
pub(super) fn unknown(app_state: &AppState, reader: &Reader) -> Response {
    let page = text::link_is_not_known(reader);
    app_state.laid_out(reader, page, StatusCode::NOT_FOUND)
}
