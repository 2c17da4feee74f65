//! Opens the socket, and never takes it from a process that still answers on it.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// Why the socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "the directory {} does not exist. Create it, or set [status] socket; under systemd, RuntimeDirectory= creates \
         it",
        .0.display()
    )]
    NoDirectory(PathBuf),
    #[error("another process already answers on {}. Stop the other daemon, or set [status] socket", .0.display())]
    InUse(PathBuf),
    #[error("{} exists and is not a socket. Move it away, or set [status] socket", .0.display())]
    NotASocket(PathBuf),
    #[error("cannot open the socket {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Opens the socket for user and group. A stale one is removed only when nothing answers on it. The caller holds the
/// inventory's lock, so that two daemons cannot take the socket from each other.
pub fn bind(path: &Path) -> Result<UnixListener, BindError> {
    let failed = |source| BindError::Io {
        path: path.to_owned(),
        source,
    };
    if !path.parent().is_some_and(Path::is_dir) {
        return Err(BindError::NoDirectory(
            path.parent().unwrap_or(path).to_owned(),
        ));
    }
    remove_stale(path)?;
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o660)).map_err(failed)?;
    Ok(listener)
}

fn remove_stale(path: &Path) -> Result<(), BindError> {
    let failed = |source| BindError::Io {
        path: path.to_owned(),
        source,
    };
    let there = match std::fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if !there.file_type().is_socket() {
        return Err(BindError::NotASocket(path.to_owned()));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(BindError::InUse(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}
