//! What Meta tells by itself: somebody changed the app's permissions, removed the app, or wants to be forgotten. What it
//! says is not believed but asked after: the person's tokens are checked by the next pass. Only forgetting is obeyed.

mod parse;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::graph_api::Signatures;
use crate::inventory::{self, Callback, Deletion, Inventory, Tx, Use, View, WebhookNotice};
use crate::secret::Secret;

use parse::RejectReason;
pub use parse::field;

/// Who signs for which app, by our names for them.
pub type AppSignatures = Arc<HashMap<String, Signatures>>;

/// Hears Meta's calls for all apps. What is not signed with the app's secret changes nothing and learns nothing.
#[derive(Debug)]
pub struct WebhookReceiver {
    pub inventory: Inventory,
    pub signers: AppSignatures,
    /// What the dashboard was told to show when it asks whether this is the right address.
    pub verify_token: Option<Secret>,
}

/// Why a call is not heeded.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("there is no such app")]
    UnknownApp,
    #[error("it does not come from Meta")]
    Forged,
    #[error("it comes from Meta and cannot be understood")]
    Unreadable,
    #[error("it does not say when it was issued, or that was too long ago")]
    Stale,
    #[error("it was used at another address before")]
    UsedElsewhere,
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
}

/// What became of a call that was heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeAnswer {
    /// Tokens are to be checked: somebody should be woken.
    NotificationKind,
    /// It is known, or of nobody whose tokens are here.
    Nothing,
}

/// A signed request that may count.
#[derive(Clone, Debug)]
struct Request {
    app: String,
    payload: Vec<u8>,
    callback: Callback,
    notice: WebhookNotice,
}

impl Request {
    fn is_used(&self, view: &View<'_>) -> Result<Use, inventory::Error> {
        view.use_of_signed_request(&self.app, &self.payload, self.callback)
    }

    /// Once and for all, in the transaction that acts on it.
    fn use_it(&self, tx: &Tx<'_>, now: Timestamp) -> Result<Use, inventory::Error> {
        let forget_at = parse::unusable_from(&self.notice);
        tx.use_signed_request(&self.app, &self.payload, self.callback, forget_at, now)
    }
}

impl WebhookReceiver {
    /// Is it Meta that asks, before it sends anything, whether this is the address that the operator gave?
    pub fn shakes_hands(
        &self,
        app: &str,
        mode: &str,
        verify_token: &str,
    ) -> Result<(), WebhookError> {
        self.signatures_of(app)?;
        let expected = self.verify_token.as_ref().ok_or(WebhookError::Forged)?;
        if mode == "subscribe" && expected.is(verify_token) {
            Ok(())
        } else {
            Err(WebhookError::Forged)
        }
    }

    /// A webhook: `signature` is its header, `body` as it came.
    pub async fn webhook(
        &self,
        app: &str,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<NoticeAnswer, WebhookError> {
        if !self.signatures_of(app)?.signs_body(signature, body) {
            return Err(WebhookError::Forged);
        }
        let notices = parse::webhook(body, now).ok_or(WebhookError::Unreadable)?;
        self.file(app, notices).await
    }

    /// A person removed the app.
    pub async fn deauthorized(
        &self,
        app: &str,
        signed_request: &str,
        now: Timestamp,
    ) -> Result<NoticeAnswer, WebhookError> {
        let request = self.open(app, signed_request, Callback::Deauthorize, now)?;
        let is_later = self.act_once(request, now, |tx, request| {
            let is_later = tx.is_later(&request.app, &request.notice)?;
            if is_later {
                tx.store_webhook_notice(&request.app, &request.notice)?;
            }
            Ok(is_later)
        });
        Ok(match is_later.await? {
            Some(true) => NoticeAnswer::NotificationKind,
            Some(false) | None => NoticeAnswer::Nothing,
        })
    }

    /// A person wants to be forgotten: gives the code under which they can ask how far that is.
    pub async fn delete(
        &self,
        app: &str,
        signed_request: &str,
        now: Timestamp,
    ) -> Result<String, WebhookError> {
        let request = self.open(app, signed_request, Callback::DataDeletion, now)?;
        let (of, whose) = (request.app.clone(), request.notice.person.clone());
        let asked = self.act_once(request, now, move |tx, request| {
            let WebhookNotice { person, at } = &request.notice;
            tx.ask_deletion(&request.app, person, *at, now)
        });
        asked.await?;
        let code = self
            .inventory
            .read(move |view| Ok(view.deletion_code(&of, &whose)));
        Ok(code.await?)
    }

    /// How far the request with this code is.
    pub async fn deletion(&self, code: &str) -> Result<Option<Deletion>, inventory::Error> {
        let code = code.to_owned();
        self.inventory.read(move |view| view.deletion(&code)).await
    }

    fn signatures_of(&self, app: &str) -> Result<&Signatures, WebhookError> {
        self.signers.get(app).ok_or(WebhookError::UnknownApp)
    }

    fn open(
        &self,
        app: &str,
        signed_request: &str,
        callback: Callback,
        now: Timestamp,
    ) -> Result<Request, WebhookError> {
        let payload = self.signatures_of(app)?.open_signed_request(signed_request);
        let payload = payload.ok_or(WebhookError::Forged)?;
        Ok(Request {
            notice: parse::signed_request(&payload, now).map_err(|reason| match reason {
                RejectReason::Unreadable => WebhookError::Unreadable,
                RejectReason::Stale => WebhookError::Stale,
            })?,
            app: app.to_owned(),
            payload,
            callback,
        })
    }

    /// Acts on a request that was never used, in one transaction. `None`: Meta repeats itself, which a look is enough for.
    async fn act_once<T: Send + 'static>(
        &self,
        request: Request,
        now: Timestamp,
        act: impl FnOnce(&Tx<'_>, &Request) -> Result<T, inventory::Error> + Send + 'static,
    ) -> Result<Option<T>, WebhookError> {
        let asked = request.clone();
        let used = self.inventory.read(move |view| asked.is_used(view)).await?;
        let (used, done) = if used == Use::First {
            let act = move |tx: &Tx<'_>| {
                let used = request.use_it(tx, now)?;
                let is_first = used == Use::First;
                let done = is_first.then(|| act(tx, &request)).transpose()?;
                Ok((used, done))
            };
            self.inventory.write(act).await?
        } else {
            (used, None)
        };
        match used {
            Use::Elsewhere => Err(WebhookError::UsedElsewhere),
            Use::First | Use::Again => Ok(done),
        }
    }

    /// One row for each person, and none for what is known: most calls end with a look.
    async fn file(
        &self,
        app: &str,
        notices: Vec<WebhookNotice>,
    ) -> Result<NoticeAnswer, WebhookError> {
        let name = app.to_owned();
        let reported_people = self.inventory.read(move |view| {
            let mut reported_people = Vec::new();
            for notice in notices {
                if view.is_later(&name, &notice)? {
                    reported_people.push(notice);
                }
            }
            Ok(reported_people)
        });
        let reported_people = reported_people.await?;
        if reported_people.is_empty() {
            return Ok(NoticeAnswer::Nothing);
        }
        let name = app.to_owned();
        self.inventory
            .write(move |tx| {
                reported_people
                    .iter()
                    .try_for_each(|notice| tx.store_webhook_notice(&name, notice))
            })
            .await?;
        Ok(NoticeAnswer::NotificationKind)
    }
}

/// Forgets whoever asked for it, step by step; how many requests came to their end.
pub async fn run_deletions(
    inventory: &Inventory,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let mut finished = 0;
    while let Some(request) = inventory.read(|view| view.next_deletion()).await? {
        let code = request.code.clone();
        inventory
            .write(move |tx| tx.delete_more_person_data(&request, now))
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
