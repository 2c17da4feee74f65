//! What the routes of the public part need besides what all servers share.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use tokio::sync::watch;

use super::Current;
use super::prepared::ShortPages;
use super::rate_limit::RateLimiter;
use crate::login;
use crate::webhooks;

pub(super) struct WebState {
    pub(super) current: watch::Receiver<Current>,
    pub(super) rate_limiter: RateLimiter,
    /// Prepared when the first one is needed, and again after a reload that changes them.
    pub(super) short_pages: Mutex<Option<ShortPages>>,
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

    /// A public address of this daemon.
    pub(super) fn public(&self, path: &str) -> String {
        format!("{}{path}", self.current.borrow().settings.public_url)
    }
}
