//! The only place that reads the system clock; all other code gets `now` as an argument.

use jiff::Timestamp;

#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
