//! What a route needs: the API in the name of who asks, and what all pages share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::Timestamp;
use minijinja::Environment;

use super::failure::Failure;
use crate::api::types::{CallerView, LoginLink, StatusReport};
use crate::api_client::{Client, Error};
use crate::secret::Secret;

/// More links are not needed at the same time; the oldest ones are dropped.
const MOST_LINKS: usize = 50;

pub(super) type Templates = Arc<Environment<'static>>;

/// The overview of one user.
pub(super) struct UiState {
    pub(super) client: Client,
    /// The beginning of every path, without a slash at its end.
    pub(super) base: String,
    /// Every form carries it back.
    pub(super) form_token: Secret,
    /// Whose links are shown.
    pub(super) uid: u32,
    pub(super) templates: Templates,
    pub(super) links: Arc<Links>,
}

/// The login links that were made here, and by whom. The socket shows a link only once, and a page may be loaded again.
#[derive(Debug, Default)]
pub(super) struct Links(Mutex<VecDeque<(u32, LoginLink)>>);

/// The overview of the user who asks.
pub(super) struct Ui(pub(super) Arc<UiState>);

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

impl<S: Sync> FromRequestParts<S> for Ui {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let ui = parts.extensions.get::<Arc<UiState>>().cloned();
        ui.map(Self).ok_or_else(|| {
            let text = "The overview does not know who asks. This is a mistake in Perennial.";
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "Who asks?", text)
        })
    }
}

impl UiState {
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
        format!("{}{rest}", self.base)
    }

    /// The form token, for a page with a form.
    pub(super) fn shown_form_token(&self) -> &str {
        self.form_token.expose()
    }

    pub(super) fn keep_link(&self, link: LoginLink) {
        let mut links = self.links.0.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() >= MOST_LINKS {
            links.pop_front();
        }
        links.push_back((self.uid, link));
    }

    pub(super) fn link(&self, id: &str) -> Option<LoginLink> {
        let links = self.links.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = links.iter().filter(|(uid, _)| *uid == self.uid);
        own.find(|(_, link)| link.id == id)
            .map(|(_, link)| link.clone())
    }
}
