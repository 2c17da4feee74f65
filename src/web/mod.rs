//! The optional public part, behind the operator's TLS proxy: login links and their callback, and what Meta calls. It
//! never acts and never waits for Meta: it reads the inventory and files rows there. Of the inventory it shows nothing
//! but what a link in somebody's hands was made for.
//!
//! - `listener`: where it listens · `server`: who gets a place, for how long · `door`: how often · `headers`: what a browser is told
//! - `lobby`: what every route stands on · `routes`: one file per subject · `page`: how an answer looks

mod headers;
mod listener;
mod page;
mod rate_limit;
mod routes;
mod server;
mod state;
mod text;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use crate::inventory::Inventory;
use crate::login;
use crate::secret::Secret;
use crate::webhooks::AppSignatures;

pub use listener::{BindError, Listener};
pub use server::serve;

/// Where it listens, and what it knows.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: ListenAddress,
    /// Where people reach it, without a slash at its end.
    pub public_url: String,
    pub webhook_verify_token: Option<Secret>,
    pub logins: login::Settings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

pub type NowFn = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the public part works with.
#[derive(Clone)]
pub struct Backend {
    pub inventory: Inventory,
    pub settings: watch::Receiver<Settings>,
    /// By whose signature Meta's own calls are known.
    pub app_signatures: watch::Receiver<AppSignatures>,
    /// Wakes the passes: something came in. What, stands in the inventory.
    pub wake_rotation: Arc<Notify>,
    pub clock: NowFn,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

#[cfg(test)]
mod tests;
