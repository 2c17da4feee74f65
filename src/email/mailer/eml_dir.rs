//! Writes emails as `.eml` files, each completely or not at all.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::delivery_error::DeliveryError;
use super::message::{AcceptedRecipients, Mail};
use crate::files::{folder_of, write_whole};

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
    let folder = folder_of(target);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)?;
    write_whole(target, bytes, &folder)
}
