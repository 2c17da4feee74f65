//! Leases: a sweep claims the tokens that it works on, so that no other sweep touches them meanwhile.

use jiff::Timestamp;
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::cells::Bearer;
use super::{Candidate, Error, PendingOrder, Tx, View, rows, subscriptions};
use crate::model::{Token, TokenId, WebhookSubscription};
use crate::secret::Secret;

/// A token that only this sweep works on until the lease ends.
#[derive(Debug)]
pub struct Claimed {
    pub token: Token,
    pub secret: Secret,
    /// When an exchange was last begun, whether or not its outcome is known.
    pub rotation_tried_at: Option<Timestamp>,
    /// Of a page token: the app's webhook subscription, as Meta reported it last.
    pub subscription: Option<WebhookSubscription>,
    pub pending_order: Option<PendingOrder>,
    /// A secret that waits to be confirmed and swapped in.
    pub candidate: Option<Candidate>,
    pub lease: Lease,
}

/// Proof that a sweep still owns what it claimed. An order that arrives meanwhile ends the lease, so that the sweep
/// cannot postpone what was asked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(pub(super) i64);

impl View<'_> {
    /// Reads a leased token, with the statement that the whole claim shares.
    fn leased(
        &self,
        read: &mut CachedStatement<'_>,
        id: TokenId,
        lease: Lease,
    ) -> Result<Option<Claimed>, Error> {
        let found = read.query_row([id], |row| {
            let sealed: Vec<u8> = row.get(rows::COLUMNS)?;
            let tried_at = rows::maybe_instant(row, rows::COLUMNS + 1)?;
            let subscription = subscriptions::subscription(row, rows::COLUMNS + 2)?;
            Ok((rows::token(row)?, sealed, tried_at, subscription))
        });
        let Some((token, sealed, rotation_tried_at, subscription)) = found.optional()? else {
            return Ok(None);
        };
        let secret = self.unseal(Bearer::of(&token), token.version, &sealed)?;
        let (pending_order, candidate) = (None, None);
        Ok(Some(Claimed {
            token,
            secret,
            rotation_tried_at,
            subscription,
            pending_order,
            candidate,
            lease,
        }))
    }
}

impl Tx<'_> {
    /// Claims those of `due` that are still due and free, and reads them as they are now. A token whose secret does not
    /// open stays due, and does not stop the others.
    pub fn claim(
        &self,
        due: &[TokenId],
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Vec<Claimed>, Error> {
        // A lease that ends later than one that begins now came from a wrong clock.
        let mut take = self.db.prepare_cached(
            "UPDATE schedule SET leased_until = ?3
             WHERE token = ?1 AND due_at <= ?2 AND (leased_until <= ?2 OR leased_until > ?3 + 300)",
        )?;
        let mut read = self.db.prepare_cached(&format!(
            "SELECT {}, v.secret, t.rotation_tried_at, w.state, w.missing, w.checked_at {}
             JOIN version v ON v.token = t.id AND v.number = t.version
             LEFT JOIN webhook_subscription w ON w.token = t.id WHERE t.id = ?1",
            rows::TOKEN,
            rows::FROM
        ))?;
        let lease = Lease(leased_until.as_second());
        let pending_orders = self.pending_orders()?;
        let mut candidates = self.candidates()?;
        let mut claimed = Vec::with_capacity(due.len());
        for &id in due {
            if take.execute(params![id, now.as_second(), lease.0])? == 0 {
                continue;
            }
            let mut leased = match self.leased(&mut read, id, lease) {
                Ok(Some(leased)) => leased,
                Ok(None) => continue,
                Err(error @ Error::Unsealable(_)) => {
                    tracing::error!("skipping a token and checking the others: {error}");
                    continue;
                }
                Err(error) => return Err(error),
            };
            if leased.rotation_tried_at.is_some_and(|at| at > now) {
                leased.rotation_tried_at = Some(now);
                self.set_rotation_tried_at(id, Some(now))?;
            }
            leased.pending_order = pending_orders.for_token(id);
            leased.candidate = candidates.remove(&id);
            claimed.push(leased);
        }
        Ok(claimed)
    }

    /// Ends leases without a result.
    pub fn release(&self, tokens: &[TokenId]) -> Result<(), Error> {
        let mut free = self
            .db
            .prepare_cached("UPDATE schedule SET leased_until = 0 WHERE token = ?1")?;
        for id in tokens {
            free.execute([id])?;
        }
        Ok(())
    }

    /// Ends the leases of an earlier run. The lock on the inventory proves that it has ended.
    pub(super) fn end_leases(&self) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE schedule SET leased_until = 0 WHERE leased_until <> 0")?
            .execute([])?;
        Ok(())
    }
}
