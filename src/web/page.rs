//! How an answer looks: one layout for all, in keeping with the emails, plain enough for any phone, without scripts.
//! Whatever others named is escaped.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::inventory;

const LAYOUT: &str = include_str!("pages/page.html");
pub(super) const STYLE: &str = include_str!("pages/style.css");

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Page {
    pub(super) mood: Mood,
    pub(super) label: String,
    pub(super) headline: String,
    pub(super) about: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) button: Option<Button>,
    pub(super) lists: Vec<List>,
    pub(super) footer: Vec<String>,
    /// Where the style is.
    pub(super) style: String,
    /// After so many seconds the browser looks again.
    pub(super) again_after: Option<u32>,
    /// Where it does. Facebook hangs `#_=_` on the address of whoever comes back, and a browser that is only told to look
    /// again would look for that place in the page it has.
    pub(super) address: String,
}

/// The colour of the bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mood {
    #[default]
    Neutral,
    Good,
    Waiting,
    Error,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Button {
    pub(super) action: String,
    pub(super) words: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct List {
    pub(super) title: String,
    pub(super) count: String,
    pub(super) rows: Vec<Row>,
    pub(super) more: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) detail: String,
}

/// An answer without a page.
#[derive(Debug)]
pub(super) enum PageError {
    /// There is nothing, or nothing that a stranger should know of.
    Nothing,
    TooMany,
    TooSlow,
    /// The inventory cannot be used just now.
    Unavailable,
}

impl Page {
    pub(super) fn answer(&self, status: StatusCode) -> Response {
        let html = Environment::new().render_named_str("page.html", LAYOUT, Serde(self));
        let Ok(html) = html else {
            tracing::error!("could not render a page");
            return PageError::Unavailable.into_response();
        };
        let mut answer = (status, Html(html)).into_response();
        let again = self.again_after.map(|seconds| {
            let address = &self.address;
            HeaderValue::try_from(format!("{seconds}; url={address}"))
        });
        if let Some(Ok(again)) = again {
            answer.headers_mut().insert(header::REFRESH, again);
        }
        answer
    }
}

impl From<inventory::Error> for PageError {
    fn from(error: inventory::Error) -> Self {
        tracing::error!("the public part could not read the inventory: {error}");
        Self::Unavailable
    }
}

impl IntoResponse for PageError {
    /// Plain text that tells a stranger nothing and needs no inventory.
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Self::Nothing => (StatusCode::NOT_FOUND, "There is nothing here.\n"),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests. Try again in a minute.\n",
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "That took too long. Try again.\n",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "This does not work right now. Try again in a few minutes.\n",
            ),
        };
        let mut answer = (status, words).into_response();
        if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            let soon = HeaderValue::from_static("60");
            answer.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        answer
    }
}
