//! What all routes share: the socket, who may open a page, and the login links that were made here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use jiff::Timestamp;
use minijinja::Environment;

use super::access::Access;
use super::failure::Failure;
use crate::api::types::{CallerView, LoginLink, StatusReport};
use crate::api_client::{Client, Error};

/// More links are not needed at the same time; the oldest ones are dropped.
const MOST_LINKS: usize = 50;

pub(super) struct UiState {
    pub(super) client: Client,
    pub(super) access: Access,
    pub(super) templates: Environment<'static>,
    /// The socket shows a link only once, and a page may be loaded again.
    links: Mutex<VecDeque<LoginLink>>,
}

pub(super) type Ui = State<Arc<UiState>>;

/// What every page shows besides its own content.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) caller: CallerView,
    pub(super) status: StatusReport,
}

impl Visit {
    pub(super) const fn now(&self) -> Timestamp {
        self.status.now
    }
}

impl UiState {
    pub(super) fn new(client: Client, access: Access, templates: Environment<'static>) -> Self {
        Self {
            client,
            access,
            templates,
            links: Mutex::default(),
        }
    }

    /// Asks the socket who the caller is and how the daemon does.
    pub(super) async fn visit(&self) -> Result<Visit, Failure> {
        let (caller, status) = tokio::try_join!(self.client.caller(), self.client.status())?;
        Ok(Visit { caller, status })
    }

    /// The same for a page that only an operator needs.
    pub(super) async fn visit_of_operator(&self) -> Result<Visit, Failure> {
        let visit = self.visit().await?;
        match visit.caller.operator {
            true => Ok(visit),
            false => Err(Failure::not_an_operator(&visit.caller.user)),
        }
    }

    /// Asks for what the page is about at the same time.
    pub(super) async fn visit_with<T>(
        &self,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<(Visit, T), Failure> {
        tokio::try_join!(self.visit(), async { Ok(asked.await?) })
    }

    pub(super) async fn visit_of_operator_with<T>(
        &self,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<(Visit, T), Failure> {
        tokio::try_join!(self.visit_of_operator(), async { Ok(asked.await?) })
    }

    /// A path of these pages.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}{rest}", self.access.base())
    }

    pub(super) fn keep_link(&self, link: LoginLink) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() >= MOST_LINKS {
            links.pop_front();
        }
        links.push_back(link);
    }

    pub(super) fn link(&self, id: &str) -> Option<LoginLink> {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.iter().find(|link| link.id == id).cloned()
    }
}
