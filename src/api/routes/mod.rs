//! The routes of the socket, one file per subject.

pub(super) mod calendars;
pub(super) mod caller;
pub(super) mod consumers;
pub(super) mod corrections;
pub(super) mod daemon;
pub(super) mod deliveries;
pub(super) mod events;
pub(super) mod forecast;
pub(super) mod health;
pub(super) mod import_many;
pub(super) mod imports;
pub(super) mod incidents;
pub(super) mod login_codes;
pub(super) mod logins;
pub(super) mod metrics;
pub(super) mod orders;
pub(super) mod posts;
mod secret_reading;
pub(super) mod secrets;
pub(super) mod status;
pub(super) mod tokens;
mod validity;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, post};

use super::request::LARGEST_SWALLOWED;
use super::state::AppState;
use super::{openapi, parameters, problem_response};
use crate::http::{Bounds, read_to_the_end};

type Route = (&'static str, MethodRouter<Arc<AppState>>);

/// Every path and its methods. A test compares this list with the OpenAPI document.
pub(super) fn table() -> Vec<Route> {
    vec![
        ("/healthz", get(health::healthz)),
        ("/readyz", get(health::readyz)),
        ("/metrics", get(metrics::metrics)),
        ("/openapi.json", get(openapi::document)),
        ("/v1/caller", get(caller::caller)),
        ("/v1/status", get(status::status)),
        ("/v1/tokens", get(tokens::list).post(imports::import)),
        ("/v1/imports", post(import_many::import_many)),
        (
            "/v1/tokens/{name}",
            get(tokens::show)
                .patch(corrections::correct)
                .delete(tokens::forget),
        ),
        (
            "/v1/tokens/{name}/secret",
            get(secrets::read).put(secrets::add_candidate),
        ),
        ("/v1/tokens/{name}/check", post(orders::check)),
        ("/v1/tokens/{name}/rotate", post(orders::rotate)),
        ("/v1/tokens/{name}/rollback", post(orders::rollback)),
        ("/v1/tokens/{name}/in-use", post(consumers::in_use)),
        (
            "/v1/tokens/{name}/consumers/{consumer}",
            delete(consumers::retire),
        ),
        ("/v1/deliveries", get(deliveries::list)),
        ("/v1/deliveries/retry", post(deliveries::retry)),
        ("/v1/deliveries/test", post(deliveries::test)),
        ("/v1/forecast", get(forecast::forecast)),
        ("/v1/incidents", get(incidents::list)),
        (
            "/v1/incidents/{id}/acknowledge",
            post(incidents::acknowledge),
        ),
        ("/v1/logins", post(logins::open)),
        ("/v1/logins/code", post(login_codes::redeem)),
        ("/v1/logins/{id}", get(logins::show)),
        ("/v1/logins/{id}/complete", post(logins::complete)),
        ("/v1/calendars", get(calendars::list)),
        ("/v1/calendars/{person}", delete(calendars::revoke)),
        ("/v1/events", get(events::events)),
        ("/v1/reload", post(daemon::reload)),
        ("/v1/mail-test", post(daemon::mail_test)),
        ("/v1/post-test", post(posts::post_test)),
    ]
}

pub(super) fn router(app_state: Arc<AppState>) -> Router {
    let rest = Bounds {
        size: LARGEST_SWALLOWED,
        time: app_state.limits.body,
    };
    let add = |router: Router<Arc<AppState>>, (path, methods): Route| router.route(path, methods);
    table()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(problem_response::no_such_route)
        .method_not_allowed_fallback(problem_response::method_not_allowed)
        .layer(middleware::from_fn(parameters::only_known))
        .layer(middleware::map_response(problem_response::unstored))
        .layer(middleware::map_request(
            move |request: Request| async move { read_to_the_end(request, rest) },
        ))
        .with_state(app_state)
}
