//! The settings of checks and renewals.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::SignedDuration;

use crate::model::{Renewal, Scopes};

/// The operator's settings for checks and renewals.
#[derive(Clone, Debug, Hash)]
pub struct Rules {
    pub check_every: SignedDuration,
    pub rotate_before_expiry: SignedDuration,
    /// The waits between failed attempts; the last one repeats.
    pub retry_after: Vec<SignedDuration>,
    /// The first warning step: a token that expires within it is `expiring`.
    pub warn_before: SignedDuration,
    /// The webhook fields that messaging pages must subscribe the app to. Empty turns the check off.
    pub subscribed_fields: Scopes,
    /// What a renewal does on the platform of the app.
    pub renewal: Renewal,
    /// The permissions required of tokens that have no `require_scopes` of their own.
    pub scopes: Scopes,
}

impl Rules {
    /// Changes with the rules and with the version of this program, both of which may judge the same answer in another way.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self, env!("CARGO_PKG_VERSION")).hash(&mut hasher);
        hasher.finish()
    }
}
