//! The pages, one file per subject. Every request passes `admit` first.

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

use super::access::Admission;
use super::failure::{Failure, refusal};
use super::headers;
use super::page::STYLE;
use super::state::{Ui, UiState};
use crate::http::{Bounds, read_to_the_end};

#[cfg(test)]
pub(super) use forecast::shortened;

type Route = (&'static str, MethodRouter<Arc<UiState>>);

/// Every path and its methods.
fn table() -> Vec<Route> {
    vec![
        ("/", get(act::show)),
        ("/style.css", get(style)),
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

/// No form is longer.
const LARGEST_FORM: usize = 8 * 1024;

/// Longer than the socket's client waits. An export begins within this time.
const PATIENCE: Duration = Duration::from_secs(60);

const REST: Bounds = Bounds {
    size: 64 * 1024,
    time: Duration::from_secs(10),
};

pub(super) fn router(ui: Arc<UiState>) -> Router {
    let add = |router: Router<Arc<UiState>>, (path, methods): Route| router.route(path, methods);
    let known = table()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .with_state(Arc::clone(&ui));
    // This must run before routing, because it removes the prefix from the address.
    Router::new()
        .fallback_service(known)
        .layer(middleware::from_fn_with_state(ui, admit))
}

/// Applies to every request: who may have an answer, the time limit, the page of an error, and the security headers.
async fn admit(State(ui): Ui, request: Request, next: Next) -> Response {
    let admission = ui
        .access
        .admit(request.method(), request.uri(), request.headers());
    let mut answer = match admission {
        Admission::Nothing => refusal(),
        Admission::FirstVisit => welcome(&ui),
        Admission::Page(path) => page(&ui, &path, request, next).await,
    };
    headers::put_on(answer.headers_mut());
    answer
}

async fn page(ui: &UiState, path: &str, mut request: Request, next: Next) -> Response {
    let Some(uri) = without_prefix(request.uri(), path) else {
        return refusal();
    };
    *request.uri_mut() = uri;
    let answering = timeout(PATIENCE, next.run(read_to_the_end(request, REST)));
    let mut answer = answering
        .await
        .unwrap_or_else(|_| too_slow().into_response());
    match answer.extensions_mut().remove::<Failure>() {
        Some(failure) => ui.render_failure(&failure),
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

fn welcome(ui: &UiState) -> Response {
    let mut answer = ui.render_welcome();
    if let Ok(cookie) = HeaderValue::try_from(ui.access.set_cookie()) {
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
