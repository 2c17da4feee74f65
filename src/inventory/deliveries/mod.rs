//! Deliveries: which version of which token each sink should have, and what became of it. A row is written in the
//! transaction that puts the version in use.

mod consumers;
mod files;
mod sink_problems;
#[cfg(test)]
mod tests;
mod updates;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use super::columns::{FROM_TOKEN, TOKEN, token as read_token};
use super::engine::{Params, fields};
use super::{Error, Inventory, Tx, View};
use crate::model::{Deliverable, Delivery, DeliveryState, Expiry, SinkTokens, Token, TokenId};
use crate::secret::Secret;

pub use consumers::Confirmed;

/// The sinks of the configuration. Every transaction that puts a version in use reads them.
#[derive(Debug, Default)]
pub(super) struct Sinks(RwLock<Arc<[SinkTokens]>>);

const DELIVERY: &str =
    "SELECT d.id, d.token, t.name, d.sink, d.version, d.state, d.attempts, d.last_error,
    d.created_at, d.next_try_at, d.failing_since, d.delivered_at, d.in_use_at
    FROM delivery d JOIN token t ON t.id = d.token";

macro_rules! delivery {
    () => {
        fields!(Delivery {
            id,
            token,
            token_name,
            sink,
            version,
            state,
            attempts,
            last_error,
            created_at,
            next_try_at,
            failing_since,
            delivered_at,
            in_use_at,
        })
    };
}

impl Sinks {
    pub(super) fn all(&self) -> Arc<[SinkTokens]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inventory {
    /// Replaces the sinks. From the next transaction on, versions are delivered to these.
    pub fn set_sinks(&self, sinks: Vec<SinkTokens>) {
        let mut current = self
            .0
            .sinks
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = sinks.into();
    }
}

impl View<'_> {
    /// Deliveries to a sink to try now, the longest waiting first.
    pub fn deliveries_due(
        &self,
        sink: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let due = format!(
            "{DELIVERY} WHERE d.sink = ?1 AND d.next_try_at <= ?2 ORDER BY d.next_try_at, d.id LIMIT ?3"
        );
        self.db.readable(&due, &[&sink, &now, &limit], delivery!())
    }

    /// The latest deliveries, newest first.
    pub fn deliveries(
        &self,
        state: Option<DeliveryState>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let (condition, params): (_, Params<'_>) = match &state {
            // An index has only these.
            Some(DeliveryState::Pending) => ("d.state = 'pending'", &[&limit]),
            Some(DeliveryState::Failed) => ("d.state = 'failed'", &[&limit]),
            Some(state) => ("d.state = ?2", &[&limit, state]),
            None => ("TRUE", &[&limit]),
        };
        let found = format!("{DELIVERY} WHERE {condition} ORDER BY d.id DESC LIMIT ?1");
        self.db.readable(&found, params, delivery!())
    }

    /// The newest delivery of a token to a sink.
    pub fn newest_delivery(&self, token: TokenId, sink: &str) -> Result<Option<Delivery>, Error> {
        let newest = format!(
            "{DELIVERY} WHERE d.token = ?1 AND d.sink = ?2 ORDER BY d.version DESC LIMIT 1"
        );
        self.db.maybe(&newest, &[&token, &sink], delivery!())
    }

    /// What a token's sinks should have. `None` while that is not known: before the first check and, after a copy was
    /// restored, before the first check since.
    pub fn deliverable(&self, token: TokenId) -> Result<Option<Deliverable>, Error> {
        let found = format!("SELECT {TOKEN} {FROM_TOKEN} WHERE t.id = ?1 AND {CONFIRMED}");
        self.db
            .maybe(&found, &[&token], |row| Ok(deliverable(read_token(row)?)))
    }

    /// The same without that condition, for deciding about files that were delivered before.
    pub fn described(&self, token: TokenId) -> Result<Option<Deliverable>, Error> {
        Ok(self.token(token)?.map(deliverable))
    }

    /// What is deliverable of all tokens, in the order of their ids.
    pub fn deliverables_after(
        &self,
        after: TokenId,
        limit: usize,
    ) -> Result<Vec<Deliverable>, Error> {
        let found = format!(
            "SELECT {TOKEN} {FROM_TOKEN} WHERE t.id > ?1 AND {CONFIRMED} ORDER BY t.id LIMIT ?2"
        );
        self.db.all(&found, &[&after, &limit], |row| {
            Ok(deliverable(read_token(row)?))
        })
    }

    /// Whether tokens wait for their first check since a copy was restored. Those that only a person can help wait for
    /// none.
    pub fn awaits_confirmation(&self) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM totals r JOIN schedule s ON coalesce(s.checked_at, 0) < r.restored_at
             WHERE r.restored_at IS NOT NULL AND s.due_at IS NOT NULL)",
            &[],
        )
    }

    /// The secret that a sink gets, or that a reader asked for by its number.
    pub fn secret_of_version(&self, token: TokenId, version: u32) -> Result<Option<Secret>, Error> {
        let Some(token) = self.token(token)? else {
            return Ok(None);
        };
        self.version(&token, version)
    }

    /// Sinks that are left alone, and why.
    pub fn disabled_sinks(&self) -> Result<Vec<(String, String)>, Error> {
        let disabled = "SELECT sink, reason FROM disabled_sink ORDER BY sink";
        self.db
            .all(disabled, &[], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

/// Meta has described the token, and since the restore of a copy if there was one.
const CONFIRMED: &str = "t.state <> 'unverified'
    AND coalesce(s.checked_at, 0) >= coalesce((SELECT restored_at FROM totals), 0)";

fn deliverable(token: Token) -> Deliverable {
    let expires_at = token.facts.as_ref().map(|facts| facts.expires_at);
    Deliverable {
        state: token.state(),
        token: token.id,
        name: token.name,
        app: token.app,
        version: token.version,
        fingerprint: token.fingerprint,
        expires_at: expires_at.unwrap_or(Expiry::Unknown),
    }
}

impl Tx<'_> {
    /// Puts a version that was just put in use, or just confirmed for the first time, on its way to every sink. A token
    /// that was renamed while Meta was asked goes to the sinks of its present name.
    pub(super) fn enqueue_deliveries(
        &self,
        token: TokenId,
        version: u32,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.sinks.is_empty() {
            return Ok(());
        }
        let name = self.name_of(token)?.unwrap_or_default();
        for sink in self.sinks.iter().filter(|sink| sink.includes(&name)) {
            self.enqueue_delivery(token, &sink.sink, version, now)?;
        }
        Ok(())
    }
}
