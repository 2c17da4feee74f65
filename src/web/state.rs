//! What the routes of the public part need besides what all servers share.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::watch;

use super::Current;
use super::page::Page;
use super::rate_limit::RateLimiter;
use super::reader::Reader;
use crate::email::text::fill;
use crate::login;
use crate::webhooks;

pub(super) struct WebState {
    pub(super) current: watch::Receiver<Current>,
    pub(super) rate_limiter: RateLimiter,
}

pub(super) type AppState = crate::http::AppState<WebState>;
pub(super) type SharedAppState = State<Arc<AppState>>;

impl AppState {
    pub(super) fn logins(&self) -> login::Settings {
        self.current.borrow().settings.logins.clone()
    }

    /// Receives Meta's webhooks and callbacks.
    pub(super) fn webhook_receiver(&self) -> webhooks::WebhookReceiver {
        let current = self.current.borrow();
        webhooks::WebhookReceiver {
            inventory: self.backend.inventory.clone(),
            signers: current.app_signatures.clone(),
            verify_token: current.settings.webhook_verify_token.clone(),
        }
    }

    /// A page in the reader's language, with the name of the company and whom to ask.
    pub(super) fn laid_out(&self, reader: &Reader, page: Page, status: StatusCode) -> Response {
        let texts = &reader.texts().common;
        let sender = &reader.sender;
        Page {
            language: reader.language.code(),
            company: sender.company.clone(),
            question: match sender.contact.as_str() {
                "" => texts.ask_operator.to_owned(),
                contact => fill(texts.ask_contact, &[("contact", contact)]),
            },
            style: self.public("/login/style.css"),
            ..page
        }
        .answer(status)
    }

    /// A public address of this daemon.
    pub(super) fn public(&self, path: &str) -> String {
        format!("{}{path}", self.current.borrow().settings.public_url)
    }
}
