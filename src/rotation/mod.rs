//! Keep every token alive: check what is due, renew what can be renewed, derive page tokens anew.

use jiff::SignedDuration;

pub mod policy;

/// What the operator decides about checking and renewing.
#[derive(Clone, Debug)]
pub struct Rules {
    pub check_every: SignedDuration,
    pub rotate_before_expiry: SignedDuration,
    /// Waits between failed attempts; the last one repeats.
    pub retry_after: Vec<SignedDuration>,
    /// The first warning step: a token that ends within it is `expiring`.
    pub warn_before: SignedDuration,
}
