//! Exchanges a token with Meta, at most once: that it was begun is stored before the call, and what Meta gives is stored
//! before anything else happens.

use jiff::Timestamp;

use super::policy;
use super::session::Session;
use crate::graph_api::Grant;
use crate::inventory;
use crate::model::{ExchangeId, Exchanged, Kind, Token};
use crate::secret::Secret;

/// What is exchanged.
pub(super) struct Attempt<'a> {
    pub(super) token: &'a Token,
    pub(super) kind: Kind,
    pub(super) secret: &'a Secret,
    /// The number of the candidate that the secret is. `None` if it is in use, or will be with the result of this check.
    pub(super) candidate: Option<u32>,
    /// When an exchange was begun before this one.
    pub(super) tried_before: Option<Timestamp>,
}

pub(super) enum ExchangeAnswer {
    Obtained(ExchangeId, Grant),
    /// Meta certainly exchanged nothing.
    NotMade,
    Refused,
    /// It may have taken effect.
    Failed,
}

impl Session<'_> {
    /// Fails without a call if another node has the app by now, and after it if the answer cannot be stored. It is then
    /// kept in memory until it can.
    pub(super) async fn exchange_once(
        &self,
        attempt: &Attempt<'_>,
    ) -> Result<ExchangeAnswer, inventory::Error> {
        let (id, candidate, now) = (attempt.token.id, attempt.candidate, self.now);
        let begin = self
            .inventory
            .write(move |tx| tx.begin_exchange(id, candidate, now));
        let Some(exchange) = begin.await? else {
            return Ok(ExchangeAnswer::NotMade);
        };
        // The process may have been stopped for longer than the duty lasts.
        if !self.inventory.may_act() {
            return self.take_back(attempt).await;
        }
        let (client, kind) = (self.calls.client, attempt.kind);
        let reply = match attempt.candidate {
            Some(_) => client.lengthen(kind, attempt.secret).await,
            None => client.renew(kind, attempt.secret).await,
        };
        let calls = reply.usage.calls;
        match self.calls.count(reply) {
            Ok(grant) => {
                let exchanged = exchanged(attempt, exchange, &grant, now);
                self.inventory.store_exchanged(exchanged, now).await?;
                Ok(ExchangeAnswer::Obtained(exchange, grant))
            }
            Err(error) if policy::was_not_made(&error, calls) => self.take_back(attempt).await,
            Err(error) if policy::is_refusal(&error, self.rules) => Ok(ExchangeAnswer::Refused),
            Err(_) => Ok(ExchangeAnswer::Failed),
        }
    }

    /// Another exchange need not wait for a day.
    async fn take_back(&self, attempt: &Attempt<'_>) -> Result<ExchangeAnswer, inventory::Error> {
        let (id, candidate, before) = (attempt.token.id, attempt.candidate, attempt.tried_before);
        let take_back = self
            .inventory
            .write(move |tx| tx.take_back_exchange(id, candidate, before));
        take_back.await.map(|()| ExchangeAnswer::NotMade)
    }
}

fn exchanged(
    attempt: &Attempt<'_>,
    exchange: ExchangeId,
    grant: &Grant,
    now: Timestamp,
) -> Exchanged {
    Exchanged {
        token: attempt.token.id,
        app: attempt.token.app.clone(),
        name: attempt.token.name.clone(),
        exchange,
        secret: grant.secret.clone(),
        ends_at: grant.ends_at(attempt.kind, now),
    }
}
