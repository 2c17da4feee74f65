//! Checks the tokens of a link whose cause the person has lifted at Meta. The button stores orders, and the next sweep
//! carries them out. Pressing it again changes nothing until they are done, and for a minute after that.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::invited::{Invited, NAMED, invited, unknown};
use super::see_other;
use crate::inventory::{self, Tx};
use crate::model::{Incident, LastOrder, OrderKind, Token};
use crate::secret::Secret;
use crate::web::page::{Page, PageError};
use crate::web::reader::Reader;
use crate::web::state::{AppState, SharedAppState};
use crate::web::text;

/// A token that was checked by order within this time is not checked again.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// How long the page says that a check found nothing better.
const RECENT: SignedDuration = SignedDuration::from_hours(1);

/// The query of the address to which the button leads, so that only who pressed it reads that it was in vain.
pub(super) const PRESSED: &str = "checked";

const ASKED_BY: &str = "the link of an email";

/// What to do at Meta, or how far the check is.
pub(super) async fn show(
    app_state: &AppState,
    reader: &Reader,
    invited: Invited,
    link: &str,
    pressed: bool,
) -> Result<Response, PageError> {
    let orders = last_orders(app_state, &invited.tokens).await?;
    let now = app_state.now();
    let platform = app_state.logins().platform_title(&invited.login.wanted.app);
    let is_recent = |order: &LastOrder| {
        let ended = order.ended.as_ref();
        ended.is_some_and(|end| now.duration_since(end.at) < RECENT)
    };
    let page = text::check_page(
        reader,
        &text::CheckPage {
            login: &invited.login,
            platform,
            tokens: &invited.tokens,
            count: invited.count,
            is_checking: orders.iter().any(|order| order.ended.is_none()),
            was_in_vain: pressed && orders.iter().any(is_recent),
        },
        format!("{link}/check"),
    );
    let page = Page {
        address: format!("{link}?{PRESSED}"),
        ..page
    };
    Ok(app_state.laid_out(reader, page, StatusCode::OK))
}

async fn last_orders(app_state: &AppState, tokens: &[Token]) -> Result<Vec<LastOrder>, PageError> {
    let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
    let orders = app_state.read(move |view| {
        let orders = ids.into_iter().map(|id| view.last_order(id));
        orders.collect::<Result<Vec<_>, _>>()
    });
    Ok(orders.await?.into_iter().flatten().collect())
}

pub(super) async fn order(
    State(app_state): SharedAppState,
    reader: Reader,
    Path(login_ticket): Path<String>,
) -> Result<Response, PageError> {
    let Some(invited) = invited(&app_state, &Secret::new(login_ticket.as_str())).await? else {
        return Ok(unknown(&app_state, &reader));
    };
    if let Some(page) = invited.unusable_reason(&app_state, &reader) {
        return Ok(page);
    }
    let Some(incident) = invited.incident else {
        return Err(PageError::Nothing);
    };
    let now = app_state.now();
    let ordered = app_state.write(move |tx| order_checks(tx, &incident, now));
    if ordered.await? > 0 {
        app_state.announce_work();
    }
    Ok(see_other(
        &app_state.public(&format!("/login/{login_ticket}?{PRESSED}")),
    ))
}

/// Orders a check of each token that none was ordered of lately. Returns how many.
fn order_checks(
    tx: &Tx<'_>,
    incident: &Incident,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let mut ordered = 0;
    for token in tx.tokens_of_incident(incident, NAMED)? {
        let last = tx.last_order(token.id)?;
        let is_enough = last.is_some_and(|order| match order.ended {
            None => true,
            Some(end) => now.duration_since(end.at) < PAUSE,
        });
        if !is_enough {
            tx.order(&token, OrderKind::Check, ASKED_BY, now)?;
            ordered += 1;
        }
    }
    Ok(ordered)
}
