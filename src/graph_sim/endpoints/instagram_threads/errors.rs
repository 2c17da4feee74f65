//! The errors of Instagram and Threads. Both answer a bad code in an envelope of its own; Threads has its own type, and
//! the status 500 where others have 400.

use crate::graph_sim::endpoints::answer::{Envelope, GraphError};
use crate::graph_sim::endpoints::request::Request;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{RefreshRefusal, missing_object};

const THREADS: &str = "THApiException";
const INSTAGRAM: &str = "IGApiException";

/// An error about a token or a caller, with the platform's type.
pub(super) fn of_platform(platform: Platform, error: GraphError) -> GraphError {
    match platform {
        Platform::Threads => GraphError {
            kind: THREADS,
            ..error
        },
        Platform::Facebook | Platform::Instagram => error,
    }
}

/// An error about a call.
pub(super) fn api(platform: Platform, code: i64, message: impl Into<String>) -> GraphError {
    let error = GraphError::oauth(code, message);
    match platform {
        Platform::Threads => of_platform(platform, error).with_status(500),
        Platform::Facebook | Platform::Instagram => GraphError {
            kind: INSTAGRAM,
            ..error
        },
    }
}

pub(crate) fn unsupported(platform: Platform, request: &Request<'_>) -> GraphError {
    let method = request.method().as_str();
    let message = format!("Unsupported request - method type: {method}");
    api(platform, 100, message)
}

pub(super) fn missing(platform: Platform, request: &Request<'_>, id: &str) -> GraphError {
    let message = missing_object(id, request.method().as_str());
    api(platform, 100, message).with_subcode(33)
}

pub(super) fn nonexisting_field(platform: Platform, field: &str) -> GraphError {
    let message = format!("Tried accessing nonexisting field ({field})");
    api(platform, 100, message)
}

pub(super) fn permission_missing(platform: Platform) -> GraphError {
    let message = "Application does not have permission for this action";
    api(platform, 10, message)
}

/// Threads has another error for reading without its basic permission.
pub(super) fn basic_permission_missing(platform: Platform) -> GraphError {
    match platform {
        Platform::Threads => {
            let message = "This action requires the threads_basic permission. You must submit for \
                           app review, or your user must be in the list of Threads testers.";
            let error = api(platform, 100, message).with_subcode(10);
            error.with_status(400)
        }
        Platform::Facebook | Platform::Instagram => permission_missing(platform),
    }
}

/// The error about a token in a place where such tokens do not belong. Threads keeps Facebook's type here.
pub(super) fn malformed_session(platform: Platform) -> GraphError {
    let message =
        "Error validating access token: Session key is malformed because of invalid user id.";
    let error = GraphError::oauth(190, message);
    match platform {
        Platform::Threads => error.with_subcode(0),
        Platform::Facebook | Platform::Instagram => error,
    }
}

/// The error about a long-lived token that is to be exchanged.
pub(super) fn not_short_lived(platform: Platform) -> GraphError {
    let message = "Session key invalid. This could be because the session key has an incorrect \
                   format, or because the user has revoked this session";
    of_platform(platform, GraphError::oauth(190, message))
}

pub(super) fn refused(
    platform: Platform,
    request: &Request<'_>,
    refusal: RefreshRefusal,
) -> GraphError {
    match refusal {
        RefreshRefusal::PermissionMissing => permission_missing(platform),
        RefreshRefusal::UnsupportedRequest => unsupported(platform, request),
        RefreshRefusal::InvalidSession => malformed_session(platform),
    }
}

pub(super) fn bad_code(message: &str) -> GraphError {
    GraphError {
        envelope: Envelope::Flat,
        ..GraphError::oauth(400, message)
    }
}
