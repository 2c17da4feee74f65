//! Who reads a page: the language that the browser asks for, and how times are written.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::state::AppState;
use crate::email::Sender;
use crate::email::text::{Language, PageTexts};

#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) language: Language,
    pub(super) timezone: TimeZone,
    pub(super) sender: Sender,
    /// The host in the address bar.
    pub(super) host: String,
}

impl Reader {
    pub(super) fn texts(&self) -> &'static PageTexts {
        self.language.pages()
    }

    pub(super) fn moment(&self, at: Timestamp) -> String {
        self.language.moment(at, &self.timezone)
    }

    pub(super) fn date(&self, at: Timestamp) -> String {
        self.language.date(at, &self.timezone)
    }
}

impl FromRequestParts<Arc<AppState>> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Infallible> {
        let asked = parts.headers.get(ACCEPT_LANGUAGE);
        let asked = asked.and_then(|value| value.to_str().ok());
        let settings = app_state.current.borrow().settings.clone();
        Ok(Self {
            language: preferred(asked.unwrap_or_default()).unwrap_or(settings.language),
            timezone: settings.timezone,
            sender: settings.sender,
            host: host(&settings.public_url).to_owned(),
        })
    }
}

/// The language with the highest weight that we have; among equal ones the first.
fn preferred(asked: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in asked.split(',') {
        let (range, parameters) = part.split_once(';').unwrap_or((part, ""));
        let primary = range.trim().split('-').next().unwrap_or_default();
        let Some(language) = Language::of_code(&primary.to_ascii_lowercase()) else {
            continue;
        };
        let weight = match parameters.trim().strip_prefix("q=") {
            Some(weight) => weight.trim().parse().unwrap_or(0.0),
            None => 1.0,
        };
        if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// The host of a URL, as the address bar shows it.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_favorite_among_our_languages_is_used() {
        use Language::{English, German};
        for (asked, expected) in [
            ("", None),
            ("fr-FR,fr", None),
            ("de", Some(German)),
            ("DE-at", Some(German)),
            ("fr,de;q=0.8,en;q=0.6", Some(German)),
            ("de;q=0.3, en-US;q=0.9", Some(English)),
            ("en,de", Some(English)),
            ("de;q=0", None),
            ("de;q=x,en;q=0.1", Some(English)),
        ] {
            assert_eq!(preferred(asked), expected, "{asked}");
        }
    }
}
