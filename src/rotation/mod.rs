//! Keep every token alive: check what is due, renew what can be renewed, derive page tokens anew.
//!
//! - `policy`: what to do, and what we know afterwards (pure)
//! - `sweep`: one pass over what is due of one app · `look`: asking Meta in it · `visit`: one token in it · `desk`: what a visit has at hand
//! - `follow_up`: from the first word to what is to be written down · `writing`: writing it
//! - `app`: how the app itself stands between passes

mod app_health;
mod follow_up;
mod inspect;
pub mod policy;
mod record_results;
mod sweep;
mod sweep_context;
mod token_check;

use jiff::SignedDuration;

use crate::graph_api::Client;
use crate::inventory::Inventory;
use crate::model::Scopes;

pub use app_health::budget_of;

/// What the operator decides about checking and renewing.
#[derive(Clone, Debug)]
pub struct Rules {
    pub check_every: SignedDuration,
    pub rotate_before_expiry: SignedDuration,
    /// Waits between failed attempts; the last one repeats.
    pub retry_after: Vec<SignedDuration>,
    /// The first warning step: a token that ends within it is `expiring`.
    pub warn_before: SignedDuration,
    /// What pages with messages must tell the app of; empty: nobody wants to know whether they do.
    pub subscribed_fields: Scopes,
    /// What tokens of the app are measured against that require no scopes of their own.
    pub scopes: Scopes,
}

/// Keeps the tokens of one app. A failing app delays no other.
#[derive(Clone, Debug)]
pub struct RotationWorker {
    pub inventory: Inventory,
    pub graph: Client,
    pub app: String,
    pub calls_per_hour: u32,
    /// How many tokens one call asks about.
    pub batch: usize,
    pub rules: Rules,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub checked: usize,
    /// Among them, whose state, cause or secret is another than before.
    pub changed: usize,
    /// More is due already.
    pub more: bool,
    /// Nothing was asked: the app is in trouble, or its calls are used up.
    pub backing_off: bool,
}

impl Report {
    fn count(&mut self, outcomes: &[token_check::CheckOutcome]) {
        self.checked += outcomes.len();
        self.changed += outcomes
            .iter()
            .filter(|checked| !checked.is_routine())
            .count();
    }
}
