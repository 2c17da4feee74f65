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
mod rules;
mod session;
mod sweep;

use crate::graph_api::Client;
use crate::inventory::Inventory;

pub use app_health::budget_of;
use follow_up::Results;
pub use rules::Rules;
pub use sweep::Plan;

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
