//! The short answers as pages for people: there is nothing here, or not now. They are prepared once for each language,
//! so that a rejected call costs no more than a copy. Programs get them as plain text.

use std::sync::PoisonError;

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use super::Settings;
use super::page::{Mood, Page, PageError};
use super::prepared::ShortPages;
use super::reader::{self, Reader};
use super::state::AppState;
use crate::email::text::Language;

impl AppState {
    /// The language of a caller that shows pages; programs ask for none.
    pub(super) fn language_of_page(&self, headers: &HeaderMap) -> Option<Language> {
        let accepted = headers.get(ACCEPT)?.to_str().ok()?;
        let usual = self.current.borrow().settings.language;
        let shows_pages = accepted.contains("text/html");
        shows_pages.then(|| reader::language(headers, usual))
    }

    /// The same answer as a page, if it is one of the short ones.
    pub(super) fn as_page(&self, mut answer: Response, language: Language) -> Response {
        let Some(&error) = answer.extensions().get::<PageError>() else {
            return answer;
        };
        if let Some(page) = self.short_page(error, language) {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            answer.headers_mut().insert(CONTENT_TYPE, html);
            answer.headers_mut().remove(CONTENT_LENGTH);
            *answer.body_mut() = Body::from(page);
        }
        answer
    }

    fn short_page(&self, error: PageError, language: Language) -> Option<Bytes> {
        let current = self.current.borrow();
        let prepared = self.short_pages.lock();
        let mut prepared = prepared.unwrap_or_else(PoisonError::into_inner);
        if !prepared
            .as_ref()
            .is_some_and(|one| one.is_of(&current.settings))
        {
            *prepared = Some(prepare(&current.settings));
        }
        let pages = prepared.iter().flat_map(|prepared| &prepared.pages);
        let mut fitting = pages.filter(|(of, kind, _)| (*of, *kind) == (language, error));
        fitting.next().map(|(_, _, page)| page.clone())
    }
}

fn prepare(settings: &Settings) -> ShortPages {
    let all = Language::ALL.iter().flat_map(|&language| {
        let reader = Reader::of(language, settings);
        PageError::ALL.iter().filter_map(move |&error| {
            let page = short_page(&reader, error).laid_out(&reader, &settings.public_url);
            Some((language, error, page.html()?.into()))
        })
    });
    ShortPages {
        pages: all.collect(),
        sender: settings.sender.clone(),
        public_url: settings.public_url.clone(),
    }
}

fn short_page(reader: &Reader, error: PageError) -> Page {
    let texts = &reader.texts().short;
    let (mood, label, headline, text) = match error {
        PageError::Nothing => {
            let headline = texts.nothing_headline;
            (Mood::Neutral, texts.nothing_label, headline, texts.nothing)
        }
        PageError::TooMany => {
            let headline = texts.too_many_headline;
            (Mood::Waiting, texts.wait_label, headline, texts.too_many)
        }
        PageError::TooSlow => {
            let headline = texts.too_slow_headline;
            (Mood::Waiting, texts.wait_label, headline, texts.too_slow)
        }
        PageError::Unavailable => {
            let headline = texts.unavailable_headline;
            (Mood::Waiting, texts.wait_label, headline, texts.unavailable)
        }
    };
    Page {
        mood,
        label: label.to_owned(),
        headline: headline.to_owned(),
        paragraphs: vec![text.to_owned()],
        ..Page::default()
    }
}
