//! What to do with a token, and what we know afterwards. Pure: no clock, no handle, no log.

mod app;
mod decide;
mod exchange;
mod learn;
mod replace;
mod schedule;

pub use app::{Verdict, blame, judge};
pub use decide::{Done, Situation, Step, decide, may_list_pages};
pub use exchange::{Refusal as ExchangeRefusal, SameSecret, may_exchange, measure, rotation_due};
pub use learn::learn;
pub use replace::{Objection, ends_earlier, is_short_lived, object};
pub use schedule::{Spread, next_visit};

use crate::graph_api::{Error, Inspection};

/// What one look at a token gave.
pub type Look = Result<Inspection, Error>;

#[cfg(test)]
mod fixtures;
