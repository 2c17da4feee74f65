//! Keeps every token alive: checks what is due, renews what can be renewed, derives page tokens again.
//!
//! - `policy`: decides what to ask and what an answer means: the result of a check (pure)
//! - `sweep`: one pass over the due tokens of an app, on one `session` of calls to Meta
//! - `inspect`: asks about tokens in batches · `follow_up`, `ask`: ask what is left · `exchange_once`: the one question with
//!   consequences · `record_results`: writes it down
//! - `app_health`: the state of the app between sweeps

mod app_health;
mod ask;
mod exchange_once;
mod follow_up;
mod inspect;
pub mod policy;
mod record_results;
mod session;
mod sweep;

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::SignedDuration;

use crate::graph_api::Client;
use crate::inventory::Inventory;
use crate::model::{Renewal, Scopes};

pub use app_health::budget_of;
use follow_up::Results;
pub use sweep::Plan;

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
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self, env!("CARGO_PKG_VERSION")).hash(&mut hasher);
        hasher.finish()
    }
}

/// Checks and renews the tokens of one app. A failing app delays no other.
#[derive(Clone, Debug)]
pub struct RotationWorker {
    pub inventory: Inventory,
    pub graph: Client,
    pub app: String,
    pub calls_per_hour: u32,
    /// The number of tokens per batched call.
    pub batch: usize,
    pub rules: Rules,
}

/// The result of a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub checked: usize,
    /// How many of them have a new state, cause or secret.
    pub changed: usize,
    /// More tokens are due already.
    pub more: bool,
    /// Meta was not asked about any token: the app is failing, or its call budget is used up.
    pub backing_off: bool,
}

impl Report {
    /// Both parts of one sweep, of which `other` came later.
    const fn and(self, other: Self) -> Self {
        Self {
            checked: self.checked + other.checked,
            changed: self.changed + other.changed,
            more: other.more,
            backing_off: other.backing_off,
        }
    }

    fn count(&mut self, results: &Results) {
        self.checked += results.len();
        self.changed += results.changed.len();
    }
}
