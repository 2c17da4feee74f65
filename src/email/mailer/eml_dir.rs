//! Writes emails as `.eml` files, each completely or not at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::delivery_error::DeliveryError;
use super::message::{AcceptedRecipients, Mail};

pub(super) async fn store(folder: &Path, mail: &Mail) -> Result<AcceptedRecipients, DeliveryError> {
    let target = folder.join(&mail.file_name);
    let (path, bytes) = (target.clone(), mail.bytes.clone());
    let written = tokio::task::spawn_blocking(move || write(&path, &bytes)).await;
    match written {
        Ok(Ok(())) => Ok(AcceptedRecipients {
            file: Some(target),
            ..mail.accepted_by_all()
        }),
        Ok(Err(error)) => Err(DeliveryError::path(format!(
            "cannot write emails into {}: {error}",
            folder.display()
        ))),
        Err(_) => Err(DeliveryError::path("writing an email was interrupted")),
    }
}

/// Writing the same email again replaces the first file.
fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let unfinished = unfinished(target);
    let mut file = create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, target)?;
    File::open(folder)?.sync_all()
}

/// Replaces a file that a crash left unfinished.
fn create(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn unfinished(target: &Path) -> PathBuf {
    target.with_extension("unfinished")
}
