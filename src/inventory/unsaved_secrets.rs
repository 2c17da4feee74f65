//! Unsaved secrets: Meta has just given them for others, and they could not be stored. They exist nowhere else, so they are
//! kept in memory, through reloads and whoever has the app meanwhile, until they are stored.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Error, Inventory, Tx};
use crate::model::{Exchanged, TokenId};

pub(super) type Unsaved = Vec<Arc<Exchanged>>;

impl Inventory {
    /// Stores what Meta gave as a candidate, even if this node has lost the app. What cannot be stored now is kept for
    /// later.
    pub async fn store_exchanged(&self, exchanged: Exchanged, now: Timestamp) -> Result<(), Error> {
        let held = self.1.clone();
        // The check that got it goes on with it, unless another node has the app.
        let goes_on = move |tx: &Tx<'_>| held.is_none_or(|held| held.check(tx).is_ok());
        self.store_or_hold(Arc::new(exchanged), goes_on, now).await
    }

    /// Tries again to store the unsaved secrets of an app. Returns the first error; no record stops another.
    pub async fn save_what_waits(&self, app: &str, now: Timestamp) -> Result<(), Error> {
        self.save_all(self.take_unsaved(|of| of == app), now).await
    }

    /// The same for all apps, also those that another node has by now.
    pub async fn save_all_that_waits(&self, now: Timestamp) -> Result<(), Error> {
        self.save_all(self.take_unsaved(|_| true), now).await
    }

    async fn save_all(&self, waiting: Unsaved, now: Timestamp) -> Result<(), Error> {
        let mut outcome = Ok(());
        for exchanged in waiting {
            // The check that got it has ended, and one that is under way does not know of it.
            let saved = self.store_or_hold(exchanged, |_| false, now).await;
            outcome = outcome.and(saved);
        }
        outcome
    }

    /// The tokens of an app whose new secrets are not stored yet.
    pub fn unsaved(&self, app: &str) -> HashSet<TokenId> {
        let waiting = self.unsaved_secrets();
        let of_app = waiting.iter().filter(|exchanged| exchanged.app == app);
        of_app.map(|exchanged| exchanged.token).collect()
    }

    /// How many new secrets are not stored yet, of all apps.
    pub fn count_unsaved(&self) -> usize {
        self.unsaved_secrets().len()
    }

    /// Makes the token due, since nobody may know of the secret but its row. `goes_on` tells whether the check that is under
    /// way does.
    async fn store_or_hold(
        &self,
        exchanged: Arc<Exchanged>,
        goes_on: impl FnOnce(&Tx<'_>) -> bool + Send + 'static,
        now: Timestamp,
    ) -> Result<(), Error> {
        let whole = Arc::clone(&exchanged);
        let saved = self.write_regardless(move |tx| {
            match (tx.store_exchanged(&whole, now)?, goes_on(tx)) {
                (false, _) => Ok(()),
                (true, true) => tx.schedule_unless_due(whole.token, now),
                (true, false) => tx.schedule_again(whole.token, now),
            }
        });
        let saved = saved.await;
        if let Err(error) = &saved {
            let token = &exchanged.name;
            tracing::error!(
                token,
                "cannot store the new secret of {token}; it is kept in memory until it can be stored: {error}"
            );
            self.unsaved_secrets().push(exchanged);
        }
        saved
    }

    fn take_unsaved(&self, which: impl Fn(&str) -> bool) -> Unsaved {
        let mut waiting = self.unsaved_secrets();
        let (taken, others) = waiting
            .drain(..)
            .partition(|exchanged| which(&exchanged.app));
        *waiting = others;
        taken
    }

    fn unsaved_secrets(&self) -> MutexGuard<'_, Unsaved> {
        let unsaved = self.0.unsaved.lock();
        unsaved.unwrap_or_else(PoisonError::into_inner)
    }
}
