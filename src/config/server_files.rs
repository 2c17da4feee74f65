//! Reads where a server's inventory is from files, for commands that run without the daemon and its credentials.

use std::path::{Path, PathBuf};

use super::file::read_at_most;
use super::names::is_name_letter;
use super::{CREDENTIALS, credentials, paths};
use crate::inventory::Authority;
use crate::secret::Secret;

/// The files that `[inventory]` names for a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFiles {
    /// The file of the URL; `None` if the configuration does not say which.
    pub url: Option<PathBuf>,
    /// The certificates of the authority that signs the server's certificate.
    pub ca: Option<PathBuf>,
}

/// Reads the URL of a server, which may hold a password.
pub fn server_url(path: &Path) -> Result<Secret, String> {
    // The folder may be that of a configuration that was named from here.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    credentials::secret_of_file(&absolute)
        .map_err(|error| format!("cannot use the URL in {}: {error}", path.display()))
}

/// The file of a credential: as systemd gave it to this process, or the one that systemd reads.
pub fn credential_file(config: &Path, name: &str) -> Option<PathBuf> {
    let is_name = !name.is_empty() && !name.starts_with('.') && name.chars().all(is_name_letter);
    let given = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let given = given
        .map(|folder| folder.join(name))
        .filter(|file| file.exists());
    let folder = config.parent().unwrap_or(Path::new("/")).join(CREDENTIALS);
    is_name.then(|| given.unwrap_or_else(|| folder.join(name)))
}

pub fn authority(path: &Path) -> Result<Authority, String> {
    /// More than all root certificates of a machine.
    const LARGEST: u64 = 1 << 20;
    let pem = read_at_most(LARGEST, path).map_err(|error| format!("cannot be read: {error}"))?;
    Authority::from_pem(&pem).map_err(|error| error.to_string())
}

pub(super) fn named_authority(path: &str) -> Result<Authority, String> {
    authority(&paths::absolute(path)?)
}
