//! Which claims the sweeps of this process have in hand. The node that has an app makes all its claims, so any other claim
//! of the app is left over: its end was lost with the server's last commits, or could not be written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::claims::{Claim, ClaimId};
use super::{Error, Inventory};
use crate::model::TokenId;

/// A file uses the id of a claim that has ended again, so an id may stand here twice for a moment.
#[derive(Debug, Default)]
pub(super) struct ClaimsInHand(Mutex<Vec<ClaimId>>);

/// A claim that a sweep has in hand, until this is dropped.
#[derive(Debug)]
pub struct ClaimInHand {
    id: ClaimId,
    all: Arc<ClaimsInHand>,
}

impl ClaimsInHand {
    fn locked(&self) -> MutexGuard<'_, Vec<ClaimId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn without(&self, claims: &[ClaimId]) -> Vec<ClaimId> {
        let in_hand = self.locked();
        let left_over = claims.iter().filter(|id| !in_hand.contains(id));
        left_over.copied().collect()
    }
}

impl ClaimInHand {
    fn new(id: ClaimId, all: &Arc<ClaimsInHand>) -> Self {
        all.locked().push(id);
        let all = Arc::clone(all);
        Self { id, all }
    }

    pub const fn id(&self) -> ClaimId {
        self.id
    }
}

impl Drop for ClaimInHand {
    fn drop(&mut self) {
        let mut in_hand = self.all.locked();
        if let Some(index) = in_hand.iter().position(|id| *id == self.id) {
            in_hand.swap_remove(index);
        }
    }
}

impl Inventory {
    /// Claims those of `due` that are still due and in no other claim, and reads them as they are now.
    pub async fn claim(
        &self,
        due: Vec<TokenId>,
        now: Timestamp,
        ends_at: Timestamp,
    ) -> Result<(Claim, ClaimInHand), Error> {
        let all = Arc::clone(&self.0.claims_in_hand);
        // In hand before anybody else can see it.
        self.write(move |tx| {
            let claim = tx.claim(&due, now, ends_at)?;
            let in_hand = ClaimInHand::new(claim.id, &all);
            Ok((claim, in_hand))
        })
        .await
    }

    /// Ends those of `claims`, which are of an app that this node has, that no sweep has in hand.
    pub async fn end_left_over(&self, claims: &[ClaimId]) -> Result<(), Error> {
        let in_hand = Arc::clone(&self.0.claims_in_hand);
        let left_over = in_hand.without(claims);
        if left_over.is_empty() {
            return Ok(());
        }
        self.write(move |tx| {
            // Another sweep of this process may have one of these ids by now.
            let left_over = in_hand.without(&left_over);
            left_over.into_iter().try_for_each(|id| tx.end_claim(id))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::inventory::tests::Bench;

    #[tokio::test]
    async fn a_claim_is_left_over_once_no_sweep_has_it_in_hand() {
        let bench = Bench::new();
        let inventory = bench.open();
        let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let until = now + SignedDuration::from_mins(10);
        let claims = || async {
            let claims = inventory.read(|view| view.claims_of_app(""));
            claims.await.unwrap()
        };
        let (first, in_hand) = inventory.claim(Vec::new(), now, until).await.unwrap();
        let (second, over) = inventory.claim(Vec::new(), now, until).await.unwrap();
        assert_eq!(claims().await, [first.id, second.id]);
        drop(over);
        inventory.end_left_over(&claims().await).await.unwrap();
        assert_eq!(claims().await, [in_hand.id()]);

        // The id may be used again while another sweep still drops it.
        let again = ClaimInHand::new(in_hand.id(), &inventory.0.claims_in_hand);
        drop(in_hand);
        inventory.end_left_over(&claims().await).await.unwrap();
        assert_eq!(claims().await, [again.id()]);
        drop(again);
        inventory.end_left_over(&claims().await).await.unwrap();
        assert_eq!(claims().await, []);
    }
}
