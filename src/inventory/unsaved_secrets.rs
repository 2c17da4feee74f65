//! Unsaved secrets: Meta has just given them, and they could not be stored. They exist nowhere else, so they are kept
//! in memory, through reloads, until they are stored.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Error, Inventory};
use crate::model::{CheckResult, TokenId};

pub(super) type Unsaved = Vec<Arc<CheckResult>>;

impl Inventory {
    /// Records a check that found a new secret. What cannot be written now is kept for later.
    pub async fn save(&self, result: CheckResult, now: Timestamp) -> Result<(), Error> {
        self.save_or_hold(Arc::new(result), now).await
    }

    /// Tries again to record the unsaved secrets of an app. Returns the first error; no record stops another.
    pub async fn save_what_waits(&self, app: &str, now: Timestamp) -> Result<(), Error> {
        let mut outcome = Ok(());
        for result in self.take_unsaved(app) {
            let saved = self.save_or_hold(result, now).await;
            outcome = outcome.and(saved);
        }
        outcome
    }

    /// The tokens of an app whose new secrets are not stored yet.
    pub fn unsaved(&self, app: &str) -> HashSet<TokenId> {
        let waiting = self.unsaved_secrets();
        let of_app = waiting.iter().filter(|result| result.before().app == app);
        of_app.map(|result| result.before().id).collect()
    }

    /// How many new secrets are not stored yet, of all apps.
    pub fn count_unsaved(&self) -> usize {
        self.unsaved_secrets().len()
    }

    async fn save_or_hold(&self, result: Arc<CheckResult>, now: Timestamp) -> Result<(), Error> {
        let whole = Arc::clone(&result);
        let mut saved = self.write(move |tx| tx.record(&whole, now)).await;
        if saved.as_ref().is_err_and(Error::is_of_the_record) {
            let bare = result.without_notice();
            saved = self.write(move |tx| tx.record(&bare, now)).await;
        }
        if let Err(error) = &saved {
            let token = &result.before().name;
            tracing::error!(
                token,
                "cannot store the new secret of {token}; it is kept in memory until it can be stored: {error}"
            );
            self.unsaved_secrets().push(result);
        }
        saved
    }

    fn take_unsaved(&self, app: &str) -> Unsaved {
        let mut waiting = self.unsaved_secrets();
        let (of_app, others) = waiting
            .drain(..)
            .partition(|result| result.before().app == app);
        *waiting = others;
        of_app
    }

    fn unsaved_secrets(&self) -> MutexGuard<'_, Unsaved> {
        let unsaved = self.0.unsaved.lock();
        unsaved.unwrap_or_else(PoisonError::into_inner)
    }
}
