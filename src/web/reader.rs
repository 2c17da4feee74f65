//! Who reads a page: the language that the browser asks for, and how times are written.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Settings;
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
    pub(super) fn of(language: Language, settings: &Settings) -> Self {
        Self {
            language,
            timezone: settings.timezone.clone(),
            sender: settings.sender.clone(),
            host: host(&settings.public_url).to_owned(),
        }
    }

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
        let settings = &app_state.current.borrow().settings;
        Ok(Self::of(
            language(&parts.headers, settings.language),
            settings,
        ))
    }
}

/// The language that a browser asks for among ours; without one, the usual language.
pub(super) fn language(headers: &HeaderMap, usual: Language) -> Language {
    let asked = headers.get_all(ACCEPT_LANGUAGE).iter();
    let asked = asked.filter_map(|value| value.to_str().ok());
    preferred(asked.flat_map(|value| value.split(',')), usual)
}

/// How many ranges are looked at; browsers send a handful.
const RANGES: usize = 32;

/// The language with the highest weight that we have. `*` stands for those that are not named; among equals the first
/// one named wins, and then the usual one.
fn preferred<'a>(ranges: impl Iterator<Item = &'a str>, usual: Language) -> Language {
    let mut named: Vec<(Language, f32)> = Vec::new();
    let mut any = 0.0;
    for range in ranges.take(RANGES) {
        let (range, parameters) = range.split_once(';').unwrap_or((range, ""));
        let (range, weight) = (range.trim(), weight(parameters));
        let primary = range.split(['-', '_']).next().unwrap_or_default();
        match Language::of_code(&primary.to_ascii_lowercase()) {
            Some(language) if named.iter().all(|(known, _)| *known != language) => {
                named.push((language, weight));
            }
            Some(_) => {}
            None if range == "*" => any = weight,
            None => {}
        }
    }
    for language in [&[usual], Language::ALL].concat() {
        if named.iter().all(|(known, _)| *known != language) {
            named.push((language, any));
        }
    }
    let mut best = (usual, 0.0);
    for (language, weight) in named {
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// The weight of a range, 1 without one. What is not a weight rules the range out.
fn weight(parameters: &str) -> f32 {
    let mut parameters = parameters.split(';').map(str::trim);
    let Some(weight) = parameters.find_map(|one| one.strip_prefix(['q', 'Q'])?.strip_prefix('='))
    else {
        return 1.0;
    };
    let weight = weight.trim().parse().unwrap_or(0.0);
    if (0.0..=1.0).contains(&weight) {
        weight
    } else {
        0.0
    }
}

/// The host of a URL, as the address bar shows it.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_browser_s_favorite_among_our_languages_is_used() {
        use Language::{English, German};
        for (asked, of_english, of_german) in [
            ("", English, German),
            ("fr-FR,fr", English, German),
            ("de", German, German),
            ("DE-at", German, German),
            ("de-AT", German, German),
            ("de_CH", German, German),
            ("fr,de;q=0.8,en;q=0.6", German, German),
            ("fr, de;q=0.5", German, German),
            ("de;q=0.3, en-US;q=0.9", English, English),
            ("de;q=0.5;x=1, en;x=1;q=0.4", German, German),
            ("en,de", English, English),
            ("en-US,en;q=0.9,de;q=0.8", English, English),
            ("*", English, German),
            ("fr, *;q=0.1", English, German),
            ("de;q=0.3, *;q=0.5", English, English),
            ("de;q=0, *", English, English),
            ("de;q=0", English, German),
            ("de;q=x,en;q=0.1", English, English),
            ("de;q=inf,en;q=0.1", English, English),
            ("de;q=NaN,en;q=0.1", English, English),
            ("de;q=-1,en;q=0.1", English, English),
            ("deutsch, english", English, German),
            (";;,,;q=,=*;*q=1", English, German),
            ("../../etc/passwd", English, German),
        ] {
            for (usual, expected) in [(English, of_english), (German, of_german)] {
                let found = preferred(asked.split(','), usual);
                assert_eq!(found, expected, "{asked} where {usual:?} is usual");
            }
        }
    }

    #[test]
    fn what_is_no_text_is_not_asked_for() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT_LANGUAGE, HeaderValue::from_bytes(b"d\xe9").unwrap());
        assert_eq!(language(&headers, Language::English), Language::English);
        headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static("de"));
        assert_eq!(language(&headers, Language::English), Language::German);
        let endless = "fr,".repeat(10_000) + "de";
        headers.insert(ACCEPT_LANGUAGE, endless.parse().unwrap());
        assert_eq!(language(&headers, Language::English), Language::English);
    }
}
