//! The one place that asks the machine what time it is; everywhere else `now` is an argument.

use jiff::Timestamp;

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the clock is asked, so that nobody else needs to"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}
