//! What the public part answers, one file per subject. What is not in the table does not exist.

mod login;
mod login_result;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tokio::time::{Instant, timeout};

use super::headers;
use super::page::{PageError, STYLE};
use super::rate_limit;
use super::server::Peer;
use super::state::{AppState, SharedAppState};
use crate::http::{Bounds, read_to_the_end};

type Route = (&'static str, MethodRouter<Arc<AppState>>);

/// Every address and what it takes.
fn table() -> Vec<Route> {
    vec![
        ("/login/style.css", get(style)),
        ("/login/callback", get(login::callback)),
        ("/login/result/{name}", get(login_result::show)),
        ("/login/{login_ticket}", get(login::show).post(login::click)),
        (
            "/webhooks/{app}",
            get(webhooks::shake_hands).merge(of_programs(webhooks::webhook)),
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

/// For all that a person sends.
const LARGEST_BODY: usize = 4 * 1024;
/// Meta tells of up to a thousand changes in one call.
const LARGEST_CALL: usize = 256 * 1024;
/// For a whole request, the sending of its body included.
const PATIENCE: Duration = Duration::from_secs(10);

/// Of what an answer did not wait for.
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
    // Before any route is looked for: a request is cut to our own part of the address.
    Router::new()
        .fallback_service(known)
        .layer(middleware::from_fn_with_state(app_state, receive))
}

/// What Meta posts.
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

/// What holds for every request and every answer.
async fn receive(State(app_state): SharedAppState, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let client = rate_limit::client(peer.and_then(|peer| peer.0), request.headers());
    let mut answer = if app_state.rate_limiter.lets_in(client, Instant::now()) {
        let base = base_path(&app_state.settings.borrow().public_url).to_owned();
        *request.uri_mut() = without_base(request.uri(), &base);
        let request = read_to_the_end(request, REST);
        timeout(PATIENCE, next.run(request))
            .await
            .unwrap_or_else(|_| PageError::TooSlow.into_response())
    } else {
        PageError::TooMany.into_response()
    };
    headers::put_on(answer.headers_mut(), &app_state.settings.borrow().logins);
    answer
}

/// The path of the public address: some proxies hand it on, some cut it off.
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

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

/// On to another address, which the browser gets with GET.
fn see_other(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}
