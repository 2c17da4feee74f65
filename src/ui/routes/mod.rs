//! The pages, one file per subject. Every request passes `admit` or `identify` first.

mod acknowledge;
mod act;
mod forecast;
mod incidents;
mod login;
mod orders;
mod system;
mod token;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use tokio::time::timeout;

use super::access::{Access, Admission};
use super::failure::{Failure, refusal};
use super::gate::Gate;
use super::headers;
use super::page::{STYLE, render_failure};
use super::state::UiState;
use crate::http::{Bounds, Origin, read_to_the_end};

#[cfg(test)]
pub(super) use forecast::shortened;

type Route = (&'static str, MethodRouter);

/// Every path and its methods.
fn table() -> Vec<Route> {
    vec![
        ("/", get(act::show)),
        (STYLE_PATH, get(style)),
        ("/tokens", get(tokens::show)),
        ("/tokens.csv", get(tokens::export)),
        ("/token/{name}", get(token::show)),
        (
            "/token/{name}/check",
            get(orders::ask_check).post(orders::check),
        ),
        (
            "/token/{name}/rotate",
            get(orders::ask_rotate).post(orders::rotate),
        ),
        ("/incidents", get(incidents::show)),
        (
            "/incident/{id}/acknowledge",
            get(acknowledge::ask).post(acknowledge::acknowledge),
        ),
        ("/login", get(login::ask).post(login::open)),
        ("/login/{id}", get(login::show)),
        ("/forecast", get(forecast::show)),
        ("/system", get(system::show)),
    ]
}

const STYLE_PATH: &str = "/style.css";

/// No form is longer.
const LARGEST_FORM: usize = 8 * 1024;

/// Longer than the socket's client waits. An export begins within this time.
const PATIENCE: Duration = Duration::from_secs(60);

const REST: Bounds = Bounds {
    size: 64 * 1024,
    time: Duration::from_secs(10),
};

/// The overview of one user, for the browser that was let in.
pub(super) struct OneUser {
    pub(super) access: Access,
    pub(super) ui: Arc<UiState>,
}

pub(super) fn router(of: OneUser) -> Router {
    // This must run before routing, because it removes the prefix from the address.
    Router::new()
        .fallback_service(pages())
        .layer(middleware::from_fn_with_state(Arc::new(of), admit))
}

/// The overview of each user whom the gate admits.
pub(super) fn shared_router(gate: Gate) -> Router {
    let admit = middleware::from_fn_with_state(Arc::new(gate), identify);
    pages().layer(admit)
}

fn pages() -> Router {
    let add = |router: Router, (path, methods): Route| router.route(path, methods);
    table()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
}

/// Applies to every request: who may have an answer, the time limit, the page of an error, and the security headers.
async fn admit(State(of): State<Arc<OneUser>>, request: Request, next: Next) -> Response {
    let mut request = read_to_the_end(request, REST);
    let admission = of
        .access
        .admit(request.method(), request.uri(), request.headers());
    let mut answer = match admission {
        Admission::Nothing => refusal(),
        Admission::FirstVisit => welcome(&of),
        Admission::Page(path) => match without_prefix(request.uri(), &path) {
            Some(uri) => {
                *request.uri_mut() = uri;
                page(Arc::clone(&of.ui), request, next).await
            }
            None => refusal(),
        },
    };
    headers::put_on(answer.headers_mut());
    answer
}

/// The same for users whom the proxy names. The style is for everybody, so that a refusal has it, too.
async fn identify(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let request = read_to_the_end(request, REST);
    let origin = request.extensions().get::<Origin>().copied();
    let is_style = request.uri().path() == STYLE_PATH;
    let admitted = gate
        .admit(request.method(), request.headers(), origin)
        .await;
    let mut answer = match admitted {
        Ok(ui) => page(Arc::new(ui), request, next).await,
        Err(_) if is_style => style().await.into_response(),
        Err(failure) => render_failure(&gate.templates(), "", &failure),
    };
    headers::put_on(answer.headers_mut());
    answer
}

async fn page(ui: Arc<UiState>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Arc::clone(&ui));
    let answering = timeout(PATIENCE, next.run(request));
    let mut answer = answering
        .await
        .unwrap_or_else(|_| too_slow().into_response());
    match answer.extensions_mut().remove::<Failure>() {
        Some(failure) => render_failure(&ui.templates, &ui.base, &failure),
        None => answer,
    }
}

fn without_prefix(uri: &Uri, path: &str) -> Option<Uri> {
    let path = if path.is_empty() { "/" } else { path };
    match uri.query() {
        Some(query) => format!("{path}?{query}").parse().ok(),
        None => path.parse().ok(),
    }
}

fn welcome(of: &OneUser) -> Response {
    let mut answer = of.ui.render_welcome();
    if let Ok(cookie) = HeaderValue::try_from(of.access.set_cookie()) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

fn too_slow() -> Failure {
    let text = "The daemon takes too long to answer. Try again, or ask for less.";
    Failure::new(StatusCode::GATEWAY_TIMEOUT, "That took too long", text)
}

async fn nothing() -> Failure {
    Failure::no_such_page()
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        STYLE.as_str(),
    )
}

/// Redirects to a page that the browser opens with GET.
fn see_other(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}
