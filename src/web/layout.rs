//! Lays out a page for its reader: the language, the name of the company, and whom to ask.

use axum::http::StatusCode;
use axum::response::Response;

use super::page::{Page, STYLE};
use super::reader::Reader;
use super::state::AppState;
use crate::email::text::fill;

impl AppState {
    /// A page in the reader's language, with the name of the company and whom to ask.
    pub(super) fn laid_out(&self, reader: &Reader, page: Page, status: StatusCode) -> Response {
        page.laid_out(reader, &self.public("")).answer(status)
    }
}

impl Page {
    pub(super) fn laid_out(self, reader: &Reader, public_url: &str) -> Self {
        let texts = &reader.texts().common;
        let sender = &reader.sender;
        Self {
            language: reader.language.code(),
            company: sender.company.clone(),
            question: match sender.contact.as_str() {
                "" => texts.ask_operator.to_owned(),
                contact => fill(texts.ask_contact, &[("contact", contact)]),
            },
            style: format!("{public_url}{STYLE}"),
            ..self
        }
    }
}
