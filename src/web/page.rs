//! Renders all answers in one layout: it matches the emails, works on any phone, and has no scripts. All inserted text
//! is escaped.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::{inventory, look};

const LAYOUT: &str = include_str!("pages/page.html");
const OWN_STYLE: &str = include_str!("pages/page.css");

/// The path of the style sheet.
pub(super) const STYLE: &str = "/login/style.css";

static SHEET: LazyLock<String> = LazyLock::new(|| [look::STYLE, OWN_STYLE].concat());

/// The style sheet of all pages, which the browser keeps for an hour.
pub(super) fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, SHEET.as_str()).into_response()
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Page {
    pub(super) language: &'static str,
    pub(super) mood: Mood,
    pub(super) label: String,
    pub(super) headline: String,
    pub(super) about: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) button: Option<Button>,
    /// Paragraphs below the button.
    pub(super) details: Vec<String>,
    /// How the reader can tell that the page is genuine.
    pub(super) genuine: Option<Genuine>,
    pub(super) lists: Vec<List>,
    pub(super) footer: Vec<String>,
    /// Who the page is of, and whom to ask.
    pub(super) company: String,
    pub(super) question: String,
    /// The address of the style sheet.
    pub(super) style: String,
    /// The browser reloads the page after this many seconds.
    pub(super) again_after: Option<u32>,
    /// The address to reload. It must be given: Facebook appends `#_=_` to the callback's address, and without an
    /// address the browser would only jump to that fragment of the page it has.
    pub(super) address: String,
}

/// The color of the label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mood {
    #[default]
    #[serde(rename = "idle")]
    Neutral,
    Good,
    #[serde(rename = "warn")]
    Waiting,
    #[serde(rename = "bad")]
    Error,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Genuine {
    pub(super) title: &'static str,
    pub(super) reasons: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Button {
    pub(super) action: String,
    pub(super) text: String,
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
    /// Nothing is missing.
    pub(super) works: bool,
}

/// A short answer: plain text for programs, and a prepared page for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageError {
    /// There is nothing at this address, or nothing that a stranger may know of.
    Nothing,
    TooMany,
    TooSlow,
    /// The inventory cannot be used at present.
    Unavailable,
}

impl Page {
    pub(super) fn html(&self) -> Option<String> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let html = templates.render_named_str("page.html", LAYOUT, Serde(self));
        html.inspect_err(|_| tracing::error!("could not render a page"))
            .ok()
    }

    pub(super) fn answer(&self, status: StatusCode) -> Response {
        let Some(html) = self.html() else {
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

impl PageError {
    pub(super) const ALL: [Self; 4] = [
        Self::Nothing,
        Self::TooMany,
        Self::TooSlow,
        Self::Unavailable,
    ];
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
        let (status, text) = match self {
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
        let mut answer = (status, text).into_response();
        if matches!(self, Self::TooMany | Self::Unavailable) {
            let soon = HeaderValue::from_static("60");
            answer.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        answer.extensions_mut().insert(self);
        answer
    }
}
