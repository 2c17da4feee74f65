//! The optional public part, behind the operator's TLS proxy: login links and their callback, and Meta's own calls. It
//! never acts and never waits for Meta: it reads the inventory and stores rows there. Of the inventory it shows only
//! what a login link or a confirmation code is for.
//!
//! - `listener`: where it listens · `server`: connections and their limits · `rate_limit`: calls per client ·
//!   `headers`: security headers
//! - `state`: what all routes share · `routes`: one file per subject · `page`, `text`: how an answer looks, and its
//!   texts

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

/// Where the public part listens, and what it needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: ListenAddress,
    /// The address that people use, without a slash at its end.
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

/// What the public part needs from the daemon.
#[derive(Clone)]
pub struct Backend {
    pub inventory: Inventory,
    pub settings: watch::Receiver<Settings>,
    /// The app secrets that verify the signatures of Meta's calls.
    pub app_signatures: watch::Receiver<AppSignatures>,
    /// Wakes the sweep: there is new work in the inventory.
    pub wake_rotation: Arc<Notify>,
    pub clock: NowFn,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Backend")
    }
}

#[cfg(test)]
mod tests;
