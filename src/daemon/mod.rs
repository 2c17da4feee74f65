//! The daemon: wire, run, stop.
//!
//! - `services`: what one configuration wires together · `workers`: their tasks · `worker`: the loop of each ·
//!   `wakeups`: who wakes whom · `shared_state`: what outlives a reload
//! - `run`: the daemon until a signal · `startup`: opens the inventory · `listeners`, `servers`, `socket_thread`: where the servers answer ·
//!   `reload`: a new configuration · `error`: why the daemon ends · `recovery`: an inventory that cannot be written
//! - `schedule`: cron lines · `deliveries`, `posts`: send what waits for sinks and channels · `turns`: one at a time ·
//!   `duties`: what this node does, of several on one inventory · `nodes`: the others · `server_check`: the server that they share · `test_messages`: what an operator sends by hand · `backup_job`: nightly copies · `maintenance`: deletes what is too old
//! - `sweeps`: which were complete · `heartbeat`, `watcher`: calls to an outside watcher · `textfile`: metrics in a file
//! - `status`, `problems`, `version_problems`: what the socket reports · `forecast`, `forecasts`: what would happen, one question at a time · `watchdog`: liveness · `clock_check`: a clock that jumped
//! - `clock`, `signals`, `systemd`, `logging`: the machine

mod backup_job;
pub mod clock;
mod clock_check;
mod deliveries;
mod duties;
mod error;
mod forecast;
mod forecasts;
mod heartbeat;
mod listeners;
mod logging;
mod maintenance;
mod node_check;
mod nodes;
mod posts;
mod problems;
mod recovery;
mod reload;
mod run;
mod schedule;
mod server_check;
mod servers;
mod services;
mod shared_state;
mod signals;
mod socket_thread;
mod startup;
pub mod status;
mod sweeps;
mod systemd;
mod test_messages;
mod textfile;
mod turns;
mod version_problems;
mod wakeups;
mod watchdog;
mod watcher;
mod worker;
mod workers;

#[cfg(test)]
mod duty_tests;
#[cfg(test)]
mod overlap_tests;

pub use clock_check::{ClockState, clock_state};
pub use error::Error;
pub use forecasts::serve_forecasts;
pub use logging::{hide_panic_messages, start as start_logging};
pub use run::run;
pub use services::{Error as ServicesError, Services};
pub use signals::{until_stopped, until_stopped_or_hung_up};
