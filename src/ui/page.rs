//! Renders the pages: one layout, one template for each. All inserted text is escaped.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use serde::Serialize;

use super::failure::Failure;
use super::filters;
use super::state::{UiState, Visit};
use crate::look;

/// The look that it shares with emails and public pages, and its own parts.
pub(super) static STYLE: LazyLock<String> =
    LazyLock::new(|| [look::STYLE, include_str!("pages/style.css")].concat());

const TEMPLATES: [(&str, &str); 13] = [
    ("layout.html", include_str!("pages/layout.html")),
    ("act.html", include_str!("pages/act.html")),
    ("tokens.html", include_str!("pages/tokens.html")),
    ("token.html", include_str!("pages/token.html")),
    ("state.html", include_str!("pages/state.html")),
    ("incidents.html", include_str!("pages/incidents.html")),
    ("forecast.html", include_str!("pages/forecast.html")),
    ("timeline.html", include_str!("pages/timeline.html")),
    ("system.html", include_str!("pages/system.html")),
    ("system_parts.html", include_str!("pages/system_parts.html")),
    ("confirm.html", include_str!("pages/confirm.html")),
    ("login.html", include_str!("pages/login.html")),
    ("failure.html", include_str!("pages/failure.html")),
];

/// The page that a browser gets before it has the cookie. It leads to the first page by itself: a redirect would be part
/// of a visit from outside, and a strict cookie is not sent with that.
const WELCOME: &str = include_str!("pages/welcome.html");

/// A page: its place in the menu, its title, and what its template shows.
pub(super) struct Page<T> {
    pub(super) template: &'static str,
    /// The first part of the path; empty for the first page.
    pub(super) section: &'static str,
    pub(super) title: String,
    pub(super) body: T,
}

impl<T> Page<T> {
    pub(super) const fn new(
        template: &'static str,
        section: &'static str,
        title: String,
        body: T,
    ) -> Self {
        Self {
            template,
            section,
            title,
            body,
        }
    }
}

/// A page that asks before anything is done.
#[derive(Serialize)]
pub(super) struct Confirmation {
    pub(super) text: String,
    /// Where the form goes.
    pub(super) action: String,
    pub(super) button: &'static str,
    pub(super) cancel: String,
    /// The token that the form names.
    pub(super) token: Option<String>,
    pub(super) choices: Vec<Choice>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
}

#[derive(Serialize)]
struct Frame<'a> {
    base: &'a str,
    section: &'a str,
    title: &'a str,
    form_token: &'a str,
    /// Who looks; null where the daemon did not say.
    user: Option<&'a str>,
    is_operator: bool,
    version: &'a str,
    now: Option<Timestamp>,
}

#[derive(Serialize)]
struct Content<'a, T> {
    #[serde(flatten)]
    frame: Frame<'a>,
    body: &'a T,
}

/// All templates, with the filters for them. `zone` is for times.
pub(super) fn templates(zone: TimeZone) -> Result<Environment<'static>, Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    filters::add_to(&mut templates, zone);
    for (name, source) in TEMPLATES {
        templates.add_template(name, source)?;
    }
    templates.add_template("welcome.html", WELCOME)?;
    Ok(templates)
}

impl UiState {
    pub(super) fn render<T: Serialize>(&self, visit: &Visit, page: &Page<T>) -> Response {
        let frame = Frame {
            user: Some(&visit.caller.user),
            is_operator: visit.caller.operator,
            version: &visit.status.version,
            now: Some(visit.now()),
            ..self.frame(page)
        };
        let body = &page.body;
        let answer = self.answer(page.template, &Content { frame, body });
        (StatusCode::OK, answer).into_response()
    }

    pub(super) fn render_failure(&self, failure: &Failure) -> Response {
        let page = Page {
            template: "failure.html",
            section: "none",
            title: failure.title.clone(),
            body: (),
        };
        let content = Content {
            frame: self.frame(&page),
            body: failure,
        };
        let answer = self.answer(page.template, &content);
        (failure.status, answer).into_response()
    }

    pub(super) fn render_welcome(&self) -> Response {
        #[derive(Serialize)]
        struct Welcome<'a> {
            base: &'a str,
        }
        let base = self.access.base();
        self.answer("welcome.html", &Welcome { base })
    }

    fn frame<'a, T>(&'a self, page: &'a Page<T>) -> Frame<'a> {
        Frame {
            base: self.access.base(),
            section: page.section,
            title: &page.title,
            form_token: self.access.form_token(),
            user: None,
            is_operator: false,
            version: "",
            now: None,
        }
    }

    fn answer(&self, template: &str, content: &impl Serialize) -> Response {
        let rendered = self
            .templates
            .get_template(template)
            .and_then(|template| template.render(Serde(content)));
        match rendered {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!("could not render {template}: {error:#}");
                let text = "This page cannot be shown. The terminal says why.\n";
                (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
            }
        }
    }
}
