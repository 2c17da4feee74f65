//! Tell programs: HTTP on a Unix socket. It reads the inventory and files orders; it never waits for Meta.

pub mod client;
pub mod snapshot;

use std::path::PathBuf;

/// Where the socket stands and who may do what on it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub socket: PathBuf,
    /// Users, or `@groups`; `*` is everybody whom the socket's mode lets in.
    pub viewers: Vec<String>,
    pub operators: Vec<String>,
    pub readers: Vec<Reader>,
}

/// Who may read the secrets of which tokens.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: String,
    /// Names or patterns with `*`.
    pub tokens: Vec<String>,
}
