//! The one place that asks the machine for the time; everybody else gets `now` as an argument.

use jiff::Timestamp;

#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
