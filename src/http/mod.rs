//! What the two HTTP servers, status socket and public part, share.
//!
//! - `listener`: where a server listens, and who connects · `server`: accepts, limits and closes connections · `probe`:
//!   the watchdog's question to the accept loop
//! - `connection_slots`: no peer takes all connections · `refusal`: the answer to a connection that gets none ·
//!   `write_timeout`, `drain`: peers that do not read, or send too much
//! - `app_state`: what all routes share · `forecasts`: how they ask for a forecast

mod app_state;
mod connection_slots;
mod drain;
mod forecasts;
mod listener;
mod probe;
mod refusal;
mod server;
mod write_timeout;

pub use app_state::{AppState, Backend, NowFn};
pub use connection_slots::{Full, Holder, Rank, Shares, Slot, Slots};
pub use drain::{Bounds, read_to_the_end};
pub use forecasts::{ForecastOrder, ForecastResult, Forecasts};
pub use listener::{BindError, ListenAddress, Listener, Origin, ipv6_prefix};
pub use probe::{Probe, Questions, probe};
pub use server::{ConnectionSlot, Limits, Server, answer};
