//! The login dialogs of all platforms as pages for a browser: choose a person, choose permissions and pages, and return
//! to the app.

mod page;
mod redirect;
mod request;

#[cfg(test)]
mod tests;

pub use request::DialogAnswer;
pub(crate) use request::{Dialog, is_absolute};

use std::convert::Infallible;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::{StatusCode, header, request::Parts};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::endpoints::Params;
use super::platform::Platform;
use super::world::{PageSelection, World, WorldError};
use super::{Simulator, http_request};

pub(crate) fn routes() -> Router<Simulator> {
    let dialog = || get(show).post(conclude);
    let mut routes = Router::new();
    for path in ["/dialog/oauth", "/oauth/authorize"] {
        for version_and_host in ["", "/{first}", "/{first}/{second}"] {
            routes = routes.route(&format!("{version_and_host}{path}"), dialog());
        }
    }
    routes
}

/// The URL at which a browser opens the dialog.
struct Opened {
    /// That the host or the path names.
    platform: Option<Platform>,
    query: String,
}

impl Opened {
    fn params(&self) -> Params<'_> {
        Params::parse(&self.query)
    }
}

impl<S: Sync> FromRequestParts<S> for Opened {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let named = request::platform_of(head.uri.path());
        Ok(Self {
            platform: named.or_else(|| http_request::named_platform(&head.headers)),
            query: head.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

async fn show(State(simulator): State<Simulator>, opened: Opened) -> Response {
    let page = shown(&simulator.world(), &opened);
    page.unwrap_or_else(|rejection| refused(&rejection))
}

fn shown(world: &World, opened: &Opened) -> Result<Response, WorldError> {
    let params = &opened.params();
    let dialog = Dialog::read(world, opened.platform, params)?;
    let page = match params.get("person") {
        None => page::people(world, &dialog, params),
        Some(person) => page::consent(world, &dialog, world.person_id(person)?),
    };
    Ok(Html(page).into_response())
}

async fn conclude(State(simulator): State<Simulator>, opened: Opened, form: String) -> Response {
    let outcome = concluded(&mut simulator.world(), &opened, &Params::parse(&form));
    match outcome {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(rejection) => refused(&rejection),
    }
}

fn concluded(world: &mut World, opened: &Opened, form: &Params<'_>) -> Result<String, WorldError> {
    let dialog = Dialog::read(world, opened.platform, &opened.params())?;
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
