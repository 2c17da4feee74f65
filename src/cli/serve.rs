//! The options of what runs on its own; `main` starts it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::{demo, graph_sim};

#[derive(Debug, Subcommand)]
pub enum Serve {
    /// See it work with nothing set up: a simulated Meta, a fleet of tokens, 75 days in seconds
    ///
    /// The daemon's own code, an inventory in a temporary folder, letters as files. Exit code 0 only if every token
    /// that could live lives, and every other one was reported.
    Demo(DemoOptions),
    /// Run the daemon in the foreground, as its systemd unit does
    ///
    /// Exit code 78 when it must not start as things are, for a wrong configuration, key or database; nothing has been
    /// written then.
    Run,
    /// Run the simulated Graph on its own, for tests of your own programs
    GraphSim(GraphSimOptions),
}

#[derive(Clone, Debug, Args)]
pub struct DemoOptions {
    /// How many days of the fleet's life to show
    #[arg(long, default_value_t = 75, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// The same number gives the same luck
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
    /// Leave it running at the end, to look around
    #[arg(long)]
    pub keep: bool,
}

#[derive(Clone, Debug, Args)]
pub struct GraphSimOptions {
    /// Where to listen; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:8470", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A TOML file with apps, people, pages and tokens [default: a small sample]
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// So many tokens more, in the first app
    #[arg(long, value_name = "TOKENS")]
    fleet: Option<usize>,
    /// How many of its seconds pass in one of ours; 0 halts its clock
    #[arg(long, default_value_t = 1.0, value_name = "TIMES")]
    speed: f64,
    /// How late every answer comes, in milliseconds
    #[arg(long, default_value_t = 0, value_name = "MS")]
    latency: u64,
    /// When its time begins [default: now]
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// The same number gives the same ids and tokens
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
}

impl DemoOptions {
    pub const fn season(&self) -> demo::Options {
        demo::Options {
            days: self.days,
            seed: self.seed,
            sabotage: demo::Sabotage::Nothing,
        }
    }
}

impl GraphSimOptions {
    pub fn world(self, now: Timestamp) -> graph_sim::Options {
        graph_sim::Options {
            listen: self.listen,
            world: self.world,
            fleet: self.fleet,
            speed: self.speed,
            latency: Duration::from_millis(self.latency),
            start: self.start.unwrap_or(now),
            seed: self.seed,
        }
    }
}
