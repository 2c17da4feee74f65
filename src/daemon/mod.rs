//! The daemon: wire, run, stop.
//!
//! - `household`: the workers of one configuration · `crew`: their tasks · `loops`: what each does · `bells`: what wakes them
//! - `run`: everything open, until a signal · `opening`: the inventory · `failure`: why it ends · `nightly`: copies · `upkeep`: bounds
//! - `public`: the part behind the operator's proxy
//! - `recovery`: an inventory that cannot be written to, until it can
//! - `schedule`: cron lines to ticks · `pulse`: how it goes, for the socket · `vitals`: signs of life · `yesterday`: a clock that went back
//! - `clock`, `signals`, `systemd`, `logging`: the machine

mod bells;
pub mod clock;
mod crew;
mod failure;
mod household;
mod logging;
mod loops;
mod nightly;
mod opening;
mod public;
pub mod pulse;
mod recovery;
mod run;
mod schedule;
mod signals;
mod systemd;
mod upkeep;
mod vitals;
mod yesterday;

pub use failure::Failure;
pub use household::{Error as HouseholdError, Household, client_of};
pub use logging::{hush_panics, start as start_logging};
pub use run::run;
pub use signals::until_stopped;
