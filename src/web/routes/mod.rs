//! The routes of the public part, one file per subject. Any other address is answered with 404.

mod calendar;
mod check;
mod instance;
mod invited;
mod login;
mod login_result;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tokio::time::{Instant, timeout};

use super::headers;
use super::page::{self, PageError};
use super::rate_limit;
use super::state::{AppState, SharedAppState};
use crate::http::{Bounds, Origin, read_to_the_end};

type Route = (&'static str, MethodRouter<Arc<AppState>>);

/// Every path and its methods.
fn table() -> Vec<Route> {
    vec![
        ("/calendar/{file}", get(calendar::show)),
        ("/login/callback", get(login::callback)),
        ("/login/instance", get(instance::show)),
        ("/login/result/{name}", get(login_result::show)),
        ("/login/{login_ticket}", get(login::show).post(login::click)),
        ("/login/{login_ticket}/check", post(check::order)),
        (
            "/webhooks/{app}",
            get(webhooks::verify_endpoint).merge(of_programs(webhooks::webhook)),
        ),
        (
            "/webhooks/{app}/deauthorize",
            of_programs(webhooks::deauthorize),
        ),
        (
            "/webhooks/{app}/data-deletion",
            of_programs(webhooks::delete),
        ),
        ("/data-deletion/{code}", get(webhooks::deletion)),
    ]
}

/// The limit for everything that people send.
const LARGEST_BODY: usize = 4 * 1024;
/// Meta reports up to a thousand changes in one call.
const LARGEST_CALL: usize = 256 * 1024;
/// The time limit for a whole request, including its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of a body is read that the handler left unread.
const REST: Bounds = Bounds {
    size: LARGEST_CALL,
    time: PATIENCE,
};

pub(super) fn router(app_state: Arc<AppState>) -> Router {
    let add = |router: Router<Arc<AppState>>, (path, methods): Route| router.route(path, methods);
    let known = table()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Arc::clone(&app_state));
    // This must run before routing, because it removes the base path from the address.
    Router::new()
        .fallback_service(known)
        .layer(middleware::from_fn_with_state(app_state, receive))
}

/// Routes for Meta's own calls.
fn of_programs<H, T>(handler: H) -> MethodRouter<Arc<AppState>>
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    post(handler).layer(DefaultBodyLimit::max(LARGEST_CALL))
}

async fn nothing() -> PageError {
    PageError::Nothing
}

/// Applies to every request: the rate limit, the base path, the time limit, and the security headers.
async fn receive(State(app_state): SharedAppState, mut request: Request, next: Next) -> Response {
    let origin = request.extensions().get::<Origin>();
    let peer = origin.and_then(|origin| origin.address());
    let client = rate_limit::client(peer, request.headers());
    let language = app_state.language_of_page(request.headers());
    let base = base_path(&app_state.public("")).to_owned();
    *request.uri_mut() = without_base(request.uri(), &base);
    let mut answer = if is_for_style(&request) {
        // The page that asks for it may be the one that says that there were too many requests.
        page::style()
    } else if app_state.rate_limiter.lets_in(client, Instant::now()) {
        let request = read_to_the_end(request, REST);
        timeout(PATIENCE, next.run(request))
            .await
            .unwrap_or_else(|_| PageError::TooSlow.into_response())
    } else {
        PageError::TooMany.into_response()
    };
    if let Some(language) = language {
        answer = app_state.as_page(answer, language);
    }
    headers::put_on(answer.headers_mut(), &app_state.logins());
    answer
}

/// The path in the public URL. Some proxies forward it, others remove it.
fn base_path(public_url: &str) -> &str {
    let host = public_url.split_once("://").map_or("", |(_, rest)| rest);
    host.find('/').map_or("", |at| &host[at..])
}

fn without_base(uri: &Uri, base: &str) -> Uri {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let cut = target
        .strip_prefix(base)
        .filter(|rest| rest.starts_with('/'));
    cut.and_then(|cut| cut.parse().ok())
        .unwrap_or_else(|| uri.clone())
}

/// The style sheet is the same for all, and costs no more than a rejection.
fn is_for_style(request: &Request) -> bool {
    [Method::GET, Method::HEAD].contains(request.method()) && request.uri().path() == page::STYLE
}

/// Redirects to an address that the browser opens with GET.
fn see_other(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}
