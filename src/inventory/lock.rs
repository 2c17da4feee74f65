//! One process per inventory: locks a file beside the database, or the folder where no file can be made.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::Error;
use super::file_ownership::open_plain;
use crate::files::{beside, folder_of, give_to_owner_of};

/// Locks a file beside the database, so that a backup tool can still open the database itself.
pub(super) fn lock(database: &Path) -> Result<File, Error> {
    let path = beside(database, ".lock");
    let made = open_plain(
        &path,
        OpenOptions::new().create(true).truncate(false).write(true),
    );
    let file = match made {
        // A file that can only be read can be locked as well.
        Err(error) if is_unwritable(&error) => open_plain(&path, OpenOptions::new().read(true))
            .map_err(|_| Error::of_file(&path)(error))?,
        made => made.map_err(Error::of_file(&path))?,
    };
    // A lock file that root makes while the daemon is down must not keep the daemon out.
    give_to_owner_of(&folder_of(database), &file).map_err(Error::of_file(&path))?;
    acquire(file, database)
}

/// Keeps out other processes that can only read the inventory. Nothing may be written under this lock.
pub(super) fn lock_folder(database: &Path) -> Result<File, Error> {
    let folder = folder_of(database);
    acquire(
        File::open(&folder).map_err(Error::of_file(&folder))?,
        database,
    )
}

fn acquire(file: File, database: &Path) -> Result<File, Error> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::of_file(database)(source)),
    }
}

fn is_unwritable(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ReadOnlyFilesystem | Kind::PermissionDenied | Kind::StorageFull
    )
}
