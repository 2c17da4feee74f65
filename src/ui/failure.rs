//! An answer that is an error. It has no page yet: the router renders one where it knows the rest of the page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api_client::Error;

/// What went wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    #[serde(skip)]
    pub(super) status: StatusCode,
    pub(super) title: String,
    pub(super) text: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, title: &str, text: impl Into<String>) -> Self {
        Self {
            status,
            title: title.to_owned(),
            text: text.into(),
        }
    }

    pub(super) fn no_such_page() -> Self {
        let text = "There is no page at this address. Choose one above.";
        Self::new(StatusCode::NOT_FOUND, "No such page", text)
    }

    /// The form is of another user, or of an earlier run of this program.
    pub(super) fn old_form() -> Self {
        let text = "It was loaded as another user, or before a restart. Load the page again, and send the form from there.";
        Self::new(StatusCode::FORBIDDEN, "This form is too old", text)
    }

    /// The socket would refuse the order; this says so before the user confirms it.
    pub(super) fn not_an_operator(user: &str) -> Self {
        let text = format!(
            "You are {user}, and you may look at everything here, but not give orders. An operator can permit it: add \
             \"{user}\" to operators under [status] in perennial.toml and reload."
        );
        Self::new(StatusCode::FORBIDDEN, "You may look, but not act", text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(problem) => {
                let status = StatusCode::from_u16(problem.status);
                let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
                Self::new(status, &problem.title, sentence(&problem.to_string()))
            }
            Error::Unreachable { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The daemon does not answer",
                sentence(&error.to_string()),
            ),
            Error::Interrupted(_) | Error::Silent | Error::NotUnderstood { .. } => Self::new(
                StatusCode::BAD_GATEWAY,
                "The daemon gave no usable answer",
                sentence(&error.to_string()),
            ),
        }
    }
}

/// The same for everybody who may not have an answer of `perennial ui`, whatever is missing.
pub(super) fn refusal() -> Response {
    let text = "You may not open this. Run perennial ui, and open the address that it prints.\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

/// The socket's details begin with a small letter and end without a period, as they follow a colon in a terminal.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    let sentence: String = first.chain(rest).collect();
    match sentence.ends_with(['.', '?', ':']) || sentence.contains('\n') {
        true => sentence,
        false => sentence + ".",
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut answer = self.status.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}
