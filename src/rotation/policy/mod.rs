//! What to do with a token, and what we know afterwards. Pure: no clock, no handle, no log.

mod app;
mod clock;
mod decide;
mod exchange;
mod learn;
mod permissions;
mod replace;
mod schedule;

pub use app::{Verdict, blame, judge};
pub use clock::{ASTRAY, ClockTrust, clock_trust, without_judging_ends};
pub use decide::{Done, Situation, Step, decide, may_list_pages};
pub use exchange::{
    Refusal as ExchangeRefusal, SameSecret, may_exchange, measure, rotation_due, wait_for_next_try,
    was_not_made,
};
pub use learn::{learn, may_still_be_averted};
pub use permissions::changed_permissions;
pub use replace::{Objection, ends_earlier, is_short_lived, object};
pub use schedule::{Spread, latest_visit, next_visit};

use crate::graph_api::{Error, Inspection};

/// What one look at a token gave.
pub type Look = Result<Inspection, Error>;

#[cfg(test)]
mod fixtures;
