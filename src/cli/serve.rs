//! The options of what runs on its own; `main` starts it.

use std::net::SocketAddr;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Serve {
    /// See it work with nothing set up: a simulated Graph, a fleet of tokens, 75 days in seconds
    Demo(DemoOptions),
    /// Run the daemon in the foreground, as its systemd unit does
    Run,
    /// Run the simulated Graph on its own, for tests of your own programs
    GraphSim(GraphSimOptions),
}

#[derive(Clone, Debug, Args)]
pub struct DemoOptions {
    /// How many days of the fleet's life to show
    #[arg(long, default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// The same number gives the same fleet and the same luck
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Leave it running at the end, to look around
    #[arg(long)]
    pub keep: bool,
}

#[derive(Clone, Debug, Args)]
pub struct GraphSimOptions {
    /// Where to listen; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:8470", value_name = "ADDRESS")]
    pub listen: SocketAddr,
}
