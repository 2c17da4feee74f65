//! Calls from Meta: a person changed the app's permissions, removed the app, or requests the deletion of their data; a
//! business changed who may use its WhatsApp account. A notice is not trusted; it only makes tokens due for a check. Only
//! deletion requests are acted on.

mod parse;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::graph_api::Signatures;
use crate::inventory::{self, Callback, Deletion, Inventory, Tx, Use, WebhookNotice};
use crate::secret::Secret;

pub use parse::field;

/// The signature keys of each app, by app name.
pub type AppSignatures = Arc<HashMap<String, Signatures>>;

/// The permission without which a token reaches no WhatsApp account's settings.
const WHATSAPP: &str = "whatsapp_business_management";

/// How many users one change of a WhatsApp account makes due. The tokens of the others are checked at their usual time.
const MOST_USERS: usize = 100;

/// Receives Meta's calls for all apps. A call that is not signed with the app's secret changes nothing and reveals
/// nothing.
#[derive(Debug)]
pub struct WebhookReceiver {
    pub inventory: Inventory,
    pub signers: AppSignatures,
    /// The verify token that is configured in Meta's App Dashboard.
    pub verify_token: Option<Secret>,
}

/// Why a call was rejected.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("there is no such app")]
    UnknownApp,
    #[error("the request does not come from Meta")]
    Forged,
    #[error("the request comes from Meta but cannot be read")]
    Unreadable,
    #[error("the request has no issue time, or its issue time is not recent")]
    Stale,
    #[error("the request was already used at another address")]
    UsedElsewhere,
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
}

/// The result of an accepted call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeAnswer {
    /// Tokens became due for a check, so rotation should be woken.
    ChecksDue,
    /// The notice was known already, or is about a person who has no tokens here.
    Nothing,
}

/// A signed request whose signature and age are valid.
#[derive(Clone, Debug)]
struct Request {
    app: String,
    payload: Vec<u8>,
    callback: Callback,
    webhook_notice: WebhookNotice,
}

impl WebhookReceiver {
    /// Answers the verification request that Meta sends when a webhook is set up.
    pub fn verifies(&self, app: &str, mode: &str, verify_token: &str) -> Result<(), WebhookError> {
        self.signatures_of(app)?;
        let expected = self.verify_token.as_ref().ok_or(WebhookError::Forged)?;
        if mode == "subscribe" && expected.is(verify_token) {
            Ok(())
        } else {
            Err(WebhookError::Forged)
        }
    }

    /// Accepts a webhook. `signature` is the header, `body` the raw body.
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
        let changes = parse::webhook(body, now).ok_or(WebhookError::Unreadable)?;
        let mut notices = changes.people;
        if let Some(at) = changes.whatsapp_access {
            notices.extend(self.whatsapp_users(app, at).await?);
        }
        self.file(app, notices).await
    }

    /// The system users and people whose tokens may reach the WhatsApp account that changed at this time.
    async fn whatsapp_users(
        &self,
        app: &str,
        at: Timestamp,
    ) -> Result<Vec<WebhookNotice>, WebhookError> {
        let app = app.to_owned();
        let users = self
            .inventory
            .read(move |view| view.people_unchecked_since(&app, WHATSAPP, at, MOST_USERS));
        let notice = |person| WebhookNotice { person, at };
        Ok(users.await?.into_iter().map(notice).collect())
    }

    /// Accepts a deauthorize callback: a person removed the app.
    pub async fn deauthorized(
        &self,
        app: &str,
        signed_request: &str,
        now: Timestamp,
    ) -> Result<NoticeAnswer, WebhookError> {
        let request = self.open(app, signed_request, Callback::Deauthorize, now)?;
        let is_new = self.act_once(request, now, |tx, request| {
            let is_new = tx.is_new(&request.app, &request.webhook_notice)?;
            if is_new {
                tx.store_webhook_notice(&request.app, &request.webhook_notice)?;
            }
            Ok(is_new)
        });
        Ok(match is_new.await? {
            Some(true) => NoticeAnswer::ChecksDue,
            Some(false) | None => NoticeAnswer::Nothing,
        })
    }

    /// Accepts a data-deletion request. Returns the confirmation code with which the person can ask for its status.
    pub async fn delete(
        &self,
        app: &str,
        signed_request: &str,
        now: Timestamp,
    ) -> Result<String, WebhookError> {
        let request = self.open(app, signed_request, Callback::DataDeletion, now)?;
        let (of, whose) = (request.app.clone(), request.webhook_notice.person.clone());
        let asked = self.act_once(request, now, move |tx, request| {
            let WebhookNotice { person, at } = &request.webhook_notice;
            tx.ask_deletion(&request.app, person, *at, now)
        });
        asked.await?;
        let code = self
            .inventory
            .read(move |view| Ok(view.deletion_code(&of, &whose)));
        Ok(code.await?)
    }

    /// The data-deletion request with this confirmation code.
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
            webhook_notice: parse::signed_request(&payload, now)?,
            app: app.to_owned(),
            payload,
            callback,
        })
    }

    /// Acts on an unused request in one transaction. `None` if Meta repeats a request, for which reading is enough.
    async fn act_once<T: Send + 'static>(
        &self,
        request: Request,
        now: Timestamp,
        act: impl FnOnce(&Tx<'_>, &Request) -> Result<T, inventory::Error> + Send + 'static,
    ) -> Result<Option<T>, WebhookError> {
        let asked = request.clone();
        let used = self.inventory.read(move |view| {
            view.use_of_signed_request(&asked.app, &asked.payload, asked.callback)
        });
        let mut used = used.await?;
        let mut done = None;
        if used == Use::First {
            let act = move |tx: &Tx<'_>| {
                let Request { app, payload, .. } = &request;
                let forget_at = parse::unusable_from(&request.webhook_notice);
                let used = tx.use_signed_request(app, payload, request.callback, forget_at, now)?;
                let is_first = used == Use::First;
                let done = is_first.then(|| act(tx, &request)).transpose()?;
                Ok((used, done))
            };
            (used, done) = self.inventory.write(act).await?;
        }
        match used {
            Use::Elsewhere => Err(WebhookError::UsedElsewhere),
            Use::First | Use::Again => Ok(done),
        }
    }

    /// Stores one row per person, and none for known notices, so that most calls only read.
    async fn file(
        &self,
        app: &str,
        notices: Vec<WebhookNotice>,
    ) -> Result<NoticeAnswer, WebhookError> {
        let name = app.to_owned();
        let news = self.inventory.read(move |view| {
            let mut news = Vec::new();
            for notice in notices {
                if view.is_new(&name, &notice)? {
                    news.push(notice);
                }
            }
            Ok(news)
        });
        let news = news.await?;
        if news.is_empty() {
            return Ok(NoticeAnswer::Nothing);
        }
        let name = app.to_owned();
        let store = move |tx: &Tx<'_>| {
            news.iter()
                .try_for_each(|notice| tx.store_webhook_notice(&name, notice))
        };
        self.inventory.write(store).await?;
        Ok(NoticeAnswer::ChecksDue)
    }
}

/// Runs queued data-deletion requests, step by step. Returns the number of requests completed.
pub async fn run_deletions(
    inventory: &Inventory,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let mut finished = 0;
    while let Some(request) = inventory.read(|view| view.next_deletion()).await? {
        let code = request.code.clone();
        inventory
            .write_alone(move |tx| tx.delete_more_person_data(&request, now))
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
            "a data-deletion request from Meta is done; the person's tokens were removed"
        );
    }
    Ok(finished)
}
