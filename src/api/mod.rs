//! The local API: HTTP on a Unix socket. It reads the inventory and stores orders there; it never waits for Meta.

mod access_log;
mod accounts;
mod alert_paths;
mod daemon_handle;
mod daemon_status;
#[cfg(fuzzing)]
pub mod fuzzing;
mod local;
pub mod metrics;
mod openapi;
mod optional_parts;
mod parameters;
pub mod peer;
mod problem_response;
pub mod readiness;
mod recent_secrets;
mod request;
mod request_durations;
mod routes;
mod server;
mod state;
pub mod types;

use std::path::PathBuf;

use jiff::SignedDuration;

use crate::login;

pub use access_log::AccessLog;
pub use alert_paths::no_way_to_people;
pub use daemon_handle::{DaemonHandle, MailTest, NeedsRestart, Reload, SinkTest};
pub use daemon_status::DaemonStatus;
pub use local::{LocalApi, LocalCaller, NoSuchCaller};
pub use openapi::description;
pub use server::{Service, bind};

/// Where the socket is, and who may do what on it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub socket: PathBuf,
    /// Users, or `@groups`; `*` means everyone whom the socket's mode lets in.
    pub viewers: Vec<String>,
    pub operators: Vec<String>,
    pub readers: Vec<Reader>,
    /// The apps that people can log in to.
    pub logins: login::Settings,
    pub sinks: Vec<SinkReaders>,
    /// The names of the channels of posts.
    pub channels: Vec<String>,
    /// For how long secrets that were read are served while the inventory's server is away.
    pub serve_from_memory: SignedDuration,
}

/// A sink, and who reads its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkReaders {
    pub sink: String,
    /// Names or patterns with `*` of its tokens.
    pub tokens: Vec<String>,
    /// Users, or `@groups`. Empty for other sinks.
    pub readers: Vec<String>,
}

/// Permits a user to read the secrets of some tokens.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: String,
    /// Names or patterns with `*`.
    pub tokens: Vec<String>,
}

#[cfg(test)]
mod tests;
