//! Turns a problem into an HTTP answer.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::types::{Problem, ProblemType};
use crate::inventory::{self, WriteErrorKind};

pub(super) const PROBLEM_JSON: &str = "application/problem+json";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let passes = [ProblemType::TooManyFollowers, ProblemType::Busy]
            .into_iter()
            .any(|kind| self.is(kind));
        let mut answer = (status, Json(self)).into_response();
        let headers = answer.headers_mut();
        if passes {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        answer
    }
}

impl From<inventory::Error> for Problem {
    fn from(error: inventory::Error) -> Self {
        if matches!(error, inventory::Error::Closed) {
            return Self::new(
                ProblemType::Stopping,
                "the daemon is stopping; ask again in a moment",
            );
        }
        tracing::error!("the inventory could not answer the status socket: {error}");
        let words = match (&error, error.write_error_kind()) {
            (inventory::Error::Unsealable(_), _) => error.to_string(),
            (_, Some(WriteErrorKind::Full)) => FULL.to_owned(),
            (_, Some(WriteErrorKind::ReadOnly)) => READ_ONLY.to_owned(),
            (_, Some(WriteErrorKind::Locked)) => LOCKED.to_owned(),
            (_, Some(WriteErrorKind::Other) | None) => {
                "the inventory cannot be used just now. See why: journalctl -u perennial".to_owned()
            }
        };
        Self::new(ProblemType::InventoryUnavailable, words)
    }
}

const FULL: &str = "the inventory's disk is full. What is known is served as before; nothing can be taken in or written \
                    down until there is room: df -h /var/lib/perennial";
const READ_ONLY: &str = "the inventory is read-only. What is known is served as before; nothing can be taken in or \
                         written down until the file and its file system are writable: findmnt -T /var/lib/perennial";
const LOCKED: &str = "another program holds the lock of the inventory. What is known is served as before; nothing can be \
                      taken in or written down until that program ends: fuser -v /var/lib/perennial/inventory.db";

/// Forbids browsers and proxies to store the answer.
pub(super) async fn unstored(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(super) async fn no_such_route() -> Problem {
    Problem::new(
        ProblemType::NoSuchRoute,
        "there is nothing at this address. What there is, /openapi.json tells",
    )
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(
        ProblemType::MethodNotAllowed,
        "this address does not take this method. What it takes, /openapi.json tells",
    )
}
