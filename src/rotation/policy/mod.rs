//! Decides what to do with a token and what an answer means. Pure: no clock, no I/O, no log.

mod app_diagnosis;
mod clock_trust;
mod decide;
mod exchange;
mod learn;
mod permissions;
mod replacement;
mod schedule;

pub use app_diagnosis::{AppDiagnosis, blame, diagnose_app};
pub use clock_trust::{ClockTrust, LARGEST_SKEW, clock_trust, without_judging_ends};
pub use decide::{Done, Situation, Step, decide};
pub use exchange::{
    SameSecret, may_exchange, measure, rotation_due, wait_for_next_try, was_not_made,
};
pub use learn::{learn, may_still_be_averted, without_longer_back_off};
pub use permissions::changed_permissions;
pub use replacement::{check_replacement, ends_earlier};
pub use schedule::{Spread, latest_check, next_check};

use crate::graph_api::{Error, Inspection};

/// Meta's answer about one token.
pub type InspectionResult = Result<Inspection, Error>;

#[cfg(test)]
mod fixtures;
