//! Leases: a sweep claims the tokens that it works on, so that no other sweep touches them meanwhile.

use jiff::Timestamp;

use super::cells::Bearer;
use super::columns::{self, FROM_TOKEN, TOKEN, TOKEN_COLUMNS};
use super::engine::Statement;
use super::{Error, Tx, View, subscriptions};
use crate::model::{Claimed, Lease, TokenId};

impl View<'_> {
    /// Reads a leased token, with the statement that the whole claim shares.
    fn leased(
        &self,
        read: &mut Statement<'_>,
        id: TokenId,
        lease: Lease,
    ) -> Result<Option<Claimed>, Error> {
        read.maybe(&[&id], |row| {
            let token = columns::token(row)?;
            let sealed: Vec<u8> = row.get(TOKEN_COLUMNS)?;
            Ok(Claimed {
                secret: self.unseal(Bearer::of(&token), token.version, &sealed)?,
                rotation_tried_at: row.get(TOKEN_COLUMNS + 1)?,
                subscription: subscriptions::subscription(row, TOKEN_COLUMNS + 2)?,
                token,
                pending_order: None,
                candidate: None,
                lease,
            })
        })
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
        let mut take = self.db.prepared(
            "UPDATE schedule SET leased_until = ?3
             WHERE token = ?1 AND due_at <= ?2 AND (leased_until <= ?2 OR leased_until > ?3 + 300)",
        )?;
        let mut read = self.db.prepared(&format!(
            "SELECT {TOKEN}, v.secret, t.rotation_tried_at, w.state, w.missing, w.checked_at {FROM_TOKEN}
             JOIN version v ON v.token = t.id AND v.number = t.version
             LEFT JOIN webhook_subscription w ON w.token = t.id WHERE t.id = ?1"
        ))?;
        let lease = Lease(leased_until.as_second());
        let pending_orders = self.pending_orders()?;
        let mut candidates = self.candidates()?;
        let mut claimed = Vec::with_capacity(due.len());
        for &id in due {
            if take.changed(&[&id, &now, &lease.0])? == 0 {
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
            leased.pending_order = pending_orders.get(&id).copied();
            leased.candidate = candidates.remove(&id);
            claimed.push(leased);
        }
        Ok(claimed)
    }

    /// Ends leases without a result.
    pub fn release(&self, tokens: &[TokenId]) -> Result<(), Error> {
        let mut free = self
            .db
            .prepared("UPDATE schedule SET leased_until = 0 WHERE token = ?1")?;
        tokens.iter().try_for_each(|id| free.run(&[id]))
    }

    /// Ends the leases of an earlier run. The lock on the inventory proves that it has ended.
    pub(super) fn end_leases(&self) -> Result<(), Error> {
        self.db.run(
            "UPDATE schedule SET leased_until = 0 WHERE leased_until <> 0",
            &[],
        )
    }
}
