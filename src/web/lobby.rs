//! What every route stands on: the desk, and how it reads and writes the inventory.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::State;

use super::Desk;
use super::door::Door;
use super::page::Fault;
use crate::inventory::{Error, Tx, View};
use crate::login::{self, webhooks};

pub(super) struct Lobby {
    desk: Desk,
    pub(super) door: Door,
}

pub(super) type Here = State<Arc<Lobby>>;

impl Lobby {
    pub(super) const fn new(desk: Desk, door: Door) -> Self {
        Self { desk, door }
    }

    /// In whole seconds, as the inventory keeps time.
    pub(super) fn now(&self) -> jiff::Timestamp {
        let now = (self.desk.clock)();
        jiff::Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    pub(super) fn logins(&self) -> login::Settings {
        self.desk.settings.borrow().logins.clone()
    }

    /// Hears what Meta tells by itself.
    pub(super) fn ear(&self) -> webhooks::Listener {
        webhooks::Listener {
            inventory: self.desk.inventory.clone(),
            signers: self.desk.signers.borrow().clone(),
            verify_token: self.desk.settings.borrow().webhook_verify_token.clone(),
        }
    }

    /// An address of ours, as people reach it.
    pub(super) fn public(&self, path: &str) -> String {
        format!("{}{path}", self.desk.settings.borrow().public_url)
    }

    pub(super) async fn read<T, F>(&self, question: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        Ok(self.desk.inventory.read(question).await?)
    }

    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        Ok(self.desk.inventory.write(job).await?)
    }

    /// Something came in that is to be acted on.
    pub(super) fn nudge(&self) {
        self.desk.nudge.notify_one();
    }
}

impl Deref for Lobby {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}
