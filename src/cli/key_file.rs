//! Reads and writes the file of the inventory key, for commands that run while the daemon is stopped.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::{Error, Result};
use crate::files::{sync_folder_of, write_whole};
use crate::secret::Key;

pub(super) fn read(path: &Path) -> Result<Key> {
    let refused = |why: &dyn std::fmt::Display, next: &str| {
        Error::Refused(format!(
            "The key {} cannot be used: {why}\n{next}",
            path.display()
        ))
    };
    let bytes = bytes(path).map_err(|error| {
        let next = match error.kind() {
            ErrorKind::NotFound => {
                "Restore it from your copy, or name another file: --key-file FILE. Without this key the tokens cannot \
                 be recovered"
            }
            ErrorKind::PermissionDenied => "Only root may read it: run this with sudo",
            _ => "Name another file: --key-file FILE",
        };
        refused(&error, next)
    })?;
    Key::read(&bytes).map_err(|error| refused(&error, "Name the right file: --key-file FILE"))
}

/// Reads no more than is needed to see that a file is not a key.
fn bytes(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    const LONGEST: u64 = 4096;
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the file completely or not at all, readable only by the owner of `like`.
pub(super) fn write_new(path: &Path, key: &Key, like: &Path) -> Result<()> {
    let text = Zeroizing::new(format!("{}\n", *key.to_base64()));
    write_whole(path, text.as_bytes(), like).map_err(not_written(path))
}

/// Replaces the key at `path` by `new`, and keeps the old one as `kept`. There is a key at `path` at all times.
pub(super) fn swap(new: &Path, path: &Path, kept: &Path) -> Result<()> {
    let swap = || {
        match fs::hard_link(path, kept) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::rename(new, path)?;
        sync_folder_of(path)
    };
    swap().map_err(not_written(path))
}

fn not_written(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.display().to_string();
    move |error| {
        Error::Refused(format!(
            "{path} cannot be written: {error}\nThe key in place still opens the inventory. Correct this, and run \
             perennial rekey again"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_no_key() {
        assert!(matches!(
            read(Path::new("/dev/zero")),
            Err(Error::Refused(_))
        ));
    }
}
