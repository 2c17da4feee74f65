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
                "the daemon is stopping. Try again in a moment",
            );
        }
        log(&error);
        let text = match (&error, error.write_error_kind()) {
            (inventory::Error::Unsealable(_) | inventory::Error::Foreign(_), _) => {
                error.to_string()
            }
            (_, Some(WriteErrorKind::Full)) => FULL.to_owned(),
            (_, Some(WriteErrorKind::ReadOnly)) => READ_ONLY.to_owned(),
            (_, Some(WriteErrorKind::Locked)) => LOCKED.to_owned(),
            (_, Some(WriteErrorKind::Unreachable)) => UNREACHABLE.to_owned(),
            (_, Some(WriteErrorKind::Standby)) => STANDBY.to_owned(),
            (_, Some(WriteErrorKind::OtherSchema)) => OTHER_SCHEMA.to_owned(),
            (_, Some(WriteErrorKind::Conflict | WriteErrorKind::Other) | None) => {
                "the inventory cannot be used at present. See the log: journalctl -u perennial"
                    .to_owned()
            }
        };
        Self::new(ProblemType::InventoryUnavailable, text)
    }
}

/// That a server is away is logged once, however many requests it fails.
fn log(error: &inventory::Error) {
    let text = "a request on the status socket failed because of the inventory";
    match error.write_error_kind() {
        Some(WriteErrorKind::Unreachable) => tracing::debug!("{text}: {error}"),
        Some(_) | None => tracing::error!("{text}: {error}"),
    }
}

/// Why a job on the inventory has no result: the request cannot be met, or the inventory failed.
#[derive(Debug)]
pub(super) enum JobError {
    Problem(Problem),
    Inventory(inventory::Error),
}

impl From<Problem> for JobError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<inventory::Error> for JobError {
    fn from(error: inventory::Error) -> Self {
        Self::Inventory(error)
    }
}

const FULL: &str = "the inventory's disk is full. Reads still work, but nothing can be written until there is free \
                    space: df -h /var/lib/perennial";
const OTHER_SCHEMA: &str = "another version of perennial has upgraded the inventory, so this node writes nothing. Ask an \
                            upgraded node, or upgrade this one";
const READ_ONLY: &str = "the inventory is read-only. Reads still work, but nothing can be written until the file and \
                         its file system are writable: findmnt -T /var/lib/perennial";
const LOCKED: &str = "another program holds the lock of the inventory. Reads still work, but nothing can be written \
                      until that program ends: fuser -v /var/lib/perennial/inventory.db";

const UNREACHABLE: &str = "the inventory's database server does not answer. The daemon keeps trying. See the log: \
                           journalctl -u perennial";
const STANDBY: &str = "the inventory's database server takes no writes. Reads still work. Name the server that takes \
                       writes in [inventory] url";

/// Forbids browsers and proxies to store the answer.
pub(super) async fn unstored(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(super) async fn no_such_route() -> Problem {
    Problem::new(
        ProblemType::NoSuchRoute,
        "there is nothing at this address. See /openapi.json for all addresses",
    )
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(
        ProblemType::MethodNotAllowed,
        "this address does not take this method. See /openapi.json for its methods",
    )
}
