//! What a link is for, and the pages for a link that cannot be used.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use crate::inventory::{self, View};
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
    /// Nothing is left of its incident, for this reason.
    over: Option<Over>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    TokensWork,
    /// The email about it has a link of its own.
    AnotherProblem,
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
        let (tokens, count) = tokens(view, &login, incident.as_ref(), now)?;
        let over = match &incident {
            Some(incident) => over(view, incident, &tokens)?,
            None => None,
        };
        Ok(Some(Invited {
            login,
            incident,
            tokens,
            count,
            over,
        }))
    });
    Ok(found.await?)
}

/// Some of the link's tokens, and how many there are.
fn tokens(
    view: &View<'_>,
    login: &Login,
    incident: Option<&Incident>,
    now: Timestamp,
) -> Result<(Vec<Token>, u64), inventory::Error> {
    let app = &login.wanted.app;
    match (incident, &login.wanted.person) {
        (Some(incident), _) => Ok((view.tokens_of_incident(incident, NAMED)?, incident.affected)),
        (None, Some(person)) => {
            let counts = view.token_counts_of(app, person, now)?;
            let tokens = view.tokens_of_person(app, person, NAMED)?;
            Ok((tokens, counts.working + counts.broken))
        }
        (None, None) => Ok((Vec::new(), 0)),
    }
}

/// An incident is resolved a moment after its last token has left it.
fn over(
    view: &View<'_>,
    incident: &Incident,
    tokens: &[Token],
) -> Result<Option<Over>, inventory::Error> {
    let is_resolved = matches!(incident.state, IncidentState::Resolved { .. });
    if !is_resolved && !tokens.is_empty() {
        return Ok(None);
    }
    Ok(Some(match view.has_moved_on(incident.id)? {
        true => Over::AnotherProblem,
        false => Over::TokensWork,
    }))
}

impl Invited {
    /// The page to show when this link is expired or no longer needed.
    pub(super) fn unusable_reason(
        &self,
        app_state: &AppState,
        reader: &Reader,
    ) -> Option<Response> {
        let is_open = self.login.is_open(app_state.now());
        if !is_open || self.over == Some(Over::AnotherProblem) {
            let page = text::link_has_expired(reader);
            return Some(app_state.laid_out(reader, page, StatusCode::GONE));
        }
        self.over.map(|_| {
            let works = self.tokens.iter().filter(|token| token.works());
            let works: Vec<Token> = works.cloned().collect();
            let page = text::nothing_left_to_do(reader, &works, works.len() as u64);
            app_state.laid_out(reader, page, StatusCode::OK)
        })
    }
}

/// Says whom to ask. A stranger learns only what the operator chose to show.
pub(super) fn unknown(app_state: &AppState, reader: &Reader) -> Response {
    let page = text::link_is_not_known(reader);
    app_state.laid_out(reader, page, StatusCode::NOT_FOUND)
}
