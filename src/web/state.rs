//! The shared state of all routes: the backend, and how routes read and write the inventory.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::State;

use super::Backend;
use super::page::PageError;
use super::rate_limit::RateLimiter;
use crate::inventory::{Error, Tx, View};
use crate::login;
use crate::webhooks;

pub(super) struct AppState {
    backend: Backend,
    pub(super) rate_limiter: RateLimiter,
}

pub(super) type SharedAppState = State<Arc<AppState>>;

impl AppState {
    pub(super) const fn new(backend: Backend, rate_limiter: RateLimiter) -> Self {
        Self {
            backend,
            rate_limiter,
        }
    }

    /// The current time in whole seconds, as the inventory stores times.
    pub(super) fn now(&self) -> jiff::Timestamp {
        let now = (self.backend.clock)();
        jiff::Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    pub(super) fn logins(&self) -> login::Settings {
        self.backend.settings.borrow().logins.clone()
    }

    /// Receives Meta's webhooks and callbacks.
    pub(super) fn webhook_receiver(&self) -> webhooks::WebhookReceiver {
        webhooks::WebhookReceiver {
            inventory: self.backend.inventory.clone(),
            signers: self.backend.app_signatures.borrow().clone(),
            verify_token: self.backend.settings.borrow().webhook_verify_token.clone(),
        }
    }

    /// A public address of this daemon.
    pub(super) fn public(&self, path: &str) -> String {
        format!("{}{path}", self.backend.settings.borrow().public_url)
    }

    pub(super) async fn read<T, F>(&self, question: F) -> Result<T, PageError>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        Ok(self.backend.inventory.read(question).await?)
    }

    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, PageError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        Ok(self.backend.inventory.write(job).await?)
    }

    /// Wakes the sweep, because there is new work in the inventory.
    pub(super) fn wake_rotation(&self) {
        self.backend.wake_rotation.notify_one();
    }
}

impl Deref for AppState {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
    }
}
