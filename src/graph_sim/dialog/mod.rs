//! The login dialog as pages for a browser: choose a person, choose permissions and pages, and return to the app.

mod page;
mod redirect;
mod request;

#[cfg(test)]
mod tests;

pub use request::DialogAnswer;
pub(crate) use request::{Dialog, is_absolute};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::Simulator;
use super::endpoints::Params;
use super::world::{PageSelection, World, WorldError};

pub(crate) fn routes() -> Router<Simulator> {
    let dialog = || get(show).post(conclude);
    Router::new()
        .route("/dialog/oauth", dialog())
        .route("/{version}/dialog/oauth", dialog())
}

async fn show(State(simulator): State<Simulator>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let page = shown(&simulator.world(), &Params::parse(&query));
    page.unwrap_or_else(|rejection| refused(&rejection))
}

fn shown(world: &World, params: &Params<'_>) -> Result<Response, WorldError> {
    let dialog = Dialog::read(world, params)?;
    let page = match params.get("person") {
        None => page::people(world, &dialog, params),
        Some(person) => page::consent(world, &dialog, world.person_id(person)?),
    };
    Ok(Html(page).into_response())
}

async fn conclude(
    State(simulator): State<Simulator>,
    RawQuery(query): RawQuery,
    form: String,
) -> Response {
    let query = query.unwrap_or_default();
    let outcome = concluded(
        &mut simulator.world(),
        &Params::parse(&query),
        &Params::parse(&form),
    );
    match outcome {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(rejection) => refused(&rejection),
    }
}

fn concluded(
    world: &mut World,
    query: &Params<'_>,
    form: &Params<'_>,
) -> Result<String, WorldError> {
    let dialog = Dialog::read(world, query)?;
    let person = world.person_id(form.get("person").unwrap_or_default())?;
    let answer = if form.get("answer") == Some("allow") {
        DialogAnswer::Allow {
            declined: unticked(&dialog, &dialog.asked_of(world, person), form),
            pages: picked(form),
        }
    } else {
        DialogAnswer::Cancel
    };
    dialog.conclude(world, person, answer)
}

/// The checkboxes of a configuration are disabled, so a browser does not send them.
fn unticked(dialog: &Dialog, asked: &[String], form: &Params<'_>) -> Vec<String> {
    if dialog.is_all_or_nothing() {
        return Vec::new();
    }
    let ticked: Vec<&str> = form.all("scope").collect();
    asked
        .iter()
        .filter(|scope| !ticked.contains(&scope.as_str()))
        .cloned()
        .collect()
}

fn picked(form: &Params<'_>) -> PageSelection {
    if form.is_on("all_pages") {
        PageSelection::All
    } else {
        PageSelection::only(form.all("page"))
    }
}

fn refused(rejection: &WorldError) -> Response {
    (StatusCode::BAD_REQUEST, Html(page::error(rejection))).into_response()
}
