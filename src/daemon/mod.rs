//! The daemon: wire, run, stop.
//!
//! - `household`: the workers of one configuration · `crew`: their tasks · `bells`: what wakes them
//! - `run`: everything open, until a signal · `public`: the part behind the operator's proxy
//! - `schedule`: cron lines to ticks · `pulse`: how it goes, for the socket · `vitals`: signs of life
//! - `clock`, `signals`, `systemd`, `logging`: the machine

mod bells;
pub mod clock;
mod crew;
mod household;
mod logging;
mod public;
pub mod pulse;
mod run;
mod schedule;
mod signals;
mod systemd;
mod vitals;

pub use household::{Error as HouseholdError, Household, client_of};
pub use logging::{hush_panics, start as start_logging};
pub use run::{Failure, run};
pub use signals::until_stopped;
