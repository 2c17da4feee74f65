//! What Meta tells by itself: somebody changed the app's permissions, removed the app, or wants to be forgotten. What it
//! says is not believed but asked after: the person's tokens are checked by the next pass. Only forgetting is obeyed.

mod reading;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::graph_api::Signatures;
use crate::inventory::{self, Deletion, Inventory, Notice};
use crate::secret::Secret;

pub use reading::field;

/// Who signs for which app, by our names for them.
pub type Signers = Arc<HashMap<String, Signatures>>;

/// Hears Meta's calls for all apps. What is not signed with the app's secret changes nothing and learns nothing.
#[derive(Debug)]
pub struct Listener {
    pub inventory: Inventory,
    pub signers: Signers,
    /// What the dashboard was told to show when it asks whether this is the right address.
    pub verify_token: Option<Secret>,
}

/// Why a call is not heeded.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    #[error("there is no such app")]
    UnknownApp,
    #[error("it does not come from Meta")]
    Forged,
    #[error("it comes from Meta and cannot be understood")]
    Unreadable,
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
}

/// What became of a call that was heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Tokens are to be checked: somebody should be woken.
    News,
    /// It is known, or of nobody whose tokens are here.
    Nothing,
}

impl Listener {
    /// Is it Meta that asks, before it sends anything, whether this is the address that the operator gave?
    pub fn shakes_hands(&self, app: &str, mode: &str, verify_token: &str) -> Result<(), Rejection> {
        self.signatures_of(app)?;
        let expected = self.verify_token.as_ref().ok_or(Rejection::Forged)?;
        if mode == "subscribe" && expected.is(verify_token) {
            Ok(())
        } else {
            Err(Rejection::Forged)
        }
    }

    /// A webhook: `signature` is its header, `body` as it came.
    pub async fn webhook(
        &self,
        app: &str,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Heard, Rejection> {
        if !self.signatures_of(app)?.signs_body(signature, body) {
            return Err(Rejection::Forged);
        }
        let notices = reading::webhook(body, now).ok_or(Rejection::Unreadable)?;
        self.file(app, notices).await
    }

    /// A person removed the app.
    pub async fn deauthorized(
        &self,
        app: &str,
        signed_request: &str,
        now: Timestamp,
    ) -> Result<Heard, Rejection> {
        let notice = self.open(app, signed_request, now)?;
        self.file(app, vec![notice]).await
    }

    /// A person wants to be forgotten: gives the code under which they can ask how far that is.
    pub async fn delete(
        &self,
        app: &str,
        signed_request: &str,
        now: Timestamp,
    ) -> Result<String, Rejection> {
        let Notice { person, at } = self.open(app, signed_request, now)?;
        let app = app.to_owned();
        let (whose, of) = (person.clone(), app.clone());
        let known = self.inventory.read(move |view| {
            let code = view.deletion_code(&of, &whose);
            Ok((view.knows_deletion(&code, at)?, code))
        });
        let (is_known, code) = known.await?;
        if !is_known {
            self.inventory
                .write(move |tx| tx.ask_deletion(&app, &person, at, now))
                .await?;
        }
        Ok(code)
    }

    /// How far the request with this code is.
    pub async fn deletion(&self, code: &str) -> Result<Option<Deletion>, inventory::Error> {
        let code = code.to_owned();
        self.inventory.read(move |view| view.deletion(&code)).await
    }

    fn signatures_of(&self, app: &str) -> Result<&Signatures, Rejection> {
        self.signers.get(app).ok_or(Rejection::UnknownApp)
    }

    fn open(&self, app: &str, signed_request: &str, now: Timestamp) -> Result<Notice, Rejection> {
        let payload = self.signatures_of(app)?.open_signed_request(signed_request);
        let payload = payload.ok_or(Rejection::Forged)?;
        reading::signed_request(&payload, now).ok_or(Rejection::Unreadable)
    }

    /// One row for each person, and none for what is known: most calls end with a look.
    async fn file(&self, app: &str, notices: Vec<Notice>) -> Result<Heard, Rejection> {
        let name = app.to_owned();
        let news = self.inventory.read(move |view| {
            let mut news = Vec::new();
            for notice in notices {
                if view.is_news(&name, &notice)? {
                    news.push(notice);
                }
            }
            Ok(news)
        });
        let news = news.await?;
        if news.is_empty() {
            return Ok(Heard::Nothing);
        }
        let name = app.to_owned();
        self.inventory
            .write(move |tx| {
                news.iter()
                    .try_for_each(|notice| tx.file_notice(&name, notice))
            })
            .await?;
        Ok(Heard::News)
    }
}

/// Forgets whoever asked for it, step by step; how many requests came to their end.
pub async fn forget(inventory: &Inventory, now: Timestamp) -> Result<usize, inventory::Error> {
    let mut finished = 0;
    while let Some(request) = inventory.read(|view| view.next_deletion()).await? {
        let code = request.code.clone();
        inventory
            .write(move |tx| tx.forget_more(&request, now))
            .await?;
        let after = inventory.read(move |view| view.deletion(&code)).await?;
        let Some(done) = after.filter(|after| after.finished_at.is_some()) else {
            continue;
        };
        finished += 1;
        tracing::warn!(
            app = done.app,
            tokens = done.tokens,
            code = done.code,
            "a person had their data deleted through Meta; their tokens are forgotten"
        );
    }
    Ok(finished)
}
