//! Writes files that appear complete or not at all, and never replace another file.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use super::Error;
use crate::files::{create, folder_of, sync_folder_of};
use crate::secret::Secret;

/// Creates a folder. Returns whether it is new.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<bool, Error> {
    if path.is_dir() {
        return Ok(false);
    }
    let make = DirBuilder::new().recursive(true).mode(mode).create(path);
    make.map_err(Error::file(path))?;
    Ok(true)
}

/// Removes the folders whose names begin with `prefix`: an interrupted run leaves them, with secrets in them.
pub(super) fn remove_folders(parent: &Path, prefix: &str) -> Result<(), Error> {
    for entry in fs::read_dir(parent).map_err(Error::file(parent))? {
        let entry = entry.map_err(Error::file(parent))?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(Error::file(&path))?;
        }
    }
    Ok(())
}

pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(Error::file(path))
}

/// Writes `name` into the folder `staged`: a copy of the file at its final path if there is one, otherwise the content.
pub(super) fn write_temporary(
    staged: &Path,
    target: &Path,
    name: &str,
    content: &Secret,
) -> Result<(), Error> {
    let staged = staged.join(name);
    if target.exists() {
        fs::copy(target, &staged).map_err(Error::file(&staged))?;
        return set_mode(&staged, 0o600);
    }
    write_new(&staged, content)
}

pub(super) fn write_new(path: &Path, content: &Secret) -> Result<(), Error> {
    write(path, format!("{}\n", content.expose()).as_bytes(), 0o600)
}

pub(super) fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
    create(path, content, mode)
        .map_err(Error::file(path))
        .map(drop)
}

/// Gives a staged file its final name, unless a file of that name exists. Returns whether the file is new.
pub(super) fn put(staged: &Path, target: &Path) -> Result<bool, Error> {
    let is_new = match fs::hard_link(staged, target) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => return Err(Error::file(target)(error)),
    };
    sync_folder_of(target).map_err(Error::file(&folder_of(target)))?;
    Ok(is_new)
}
