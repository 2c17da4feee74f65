//! What the socket answers, one file per subject.

pub(super) mod daemon;
pub(super) mod events;
pub(super) mod health;
pub(super) mod imports;
pub(super) mod incidents;
pub(super) mod logins;
pub(super) mod metrics;
pub(super) mod orders;
pub(super) mod report;
pub(super) mod secrets;
pub(super) mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};

use super::reception::Reception;
use super::request::LARGEST_SWALLOWED;
use super::{answer, openapi, parameters};
use crate::http::{Bounds, read_to_the_end};

type Route = (&'static str, MethodRouter<Arc<Reception>>);

/// Every address and what it takes. The document of the socket is held against this list by a test.
pub(super) fn table() -> Vec<Route> {
    vec![
        ("/healthz", get(health::healthz)),
        ("/readyz", get(health::readyz)),
        ("/metrics", get(metrics::metrics)),
        ("/openapi.json", get(openapi::document)),
        ("/v1/status", get(report::status)),
        ("/v1/tokens", get(tokens::list).post(imports::import)),
        (
            "/v1/tokens/{name}",
            get(tokens::show).delete(tokens::forget),
        ),
        (
            "/v1/tokens/{name}/secret",
            get(secrets::read).put(secrets::offer),
        ),
        ("/v1/tokens/{name}/check", post(orders::check)),
        ("/v1/tokens/{name}/rotate", post(orders::rotate)),
        ("/v1/tokens/{name}/rollback", post(orders::rollback)),
        ("/v1/incidents", get(incidents::list)),
        (
            "/v1/incidents/{id}/acknowledge",
            post(incidents::acknowledge),
        ),
        ("/v1/logins", post(logins::open)),
        ("/v1/logins/{id}", get(logins::show)),
        ("/v1/logins/{id}/complete", post(logins::complete)),
        ("/v1/events", get(events::events)),
        ("/v1/reload", post(daemon::reload)),
        ("/v1/mail-test", post(daemon::mail_test)),
    ]
}

pub(super) fn router(reception: Arc<Reception>) -> Router {
    let rest = Bounds {
        size: LARGEST_SWALLOWED,
        time: reception.limits.body,
    };
    let add = |router: Router<Arc<Reception>>, (path, methods): Route| router.route(path, methods);
    table()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(answer::no_such_route)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(middleware::from_fn(parameters::only_known))
        .layer(middleware::map_response(answer::unstored))
        .layer(middleware::map_request(
            move |request: Request| async move { read_to_the_end(request, rest) },
        ))
        .with_state(reception)
}
