//! Copies of an inventory, taken while it is in use. A copy is checked before it gets its name, and never overwrites a
//! file.

use std::io;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;
use tempfile::{Builder, NamedTempFile};

use super::engine::Connection;
use super::file_ownership::OwnersRights;
use super::{Error, schema};
use crate::files::{beside, folder_of, give_to_owner_of, sync_folder_of};

/// How the name of an unfinished copy begins. A later copy removes those that a crash left.
const UNFINISHED: &str = ".unfinished-copy-";

/// Bytes that must stay free beside a copy, because the daemon goes on writing meanwhile.
const MARGIN: u64 = 4 << 20;

/// Copies the inventory at `source` to `target`, for a command. Returns the size of the copy.
pub fn copy(source: &Path, target: &Path) -> Result<u64, Error> {
    reject_existing(target)?;
    let source = Source::open(source)?;
    let folder = folder_of(target);
    // Root may read any source, but writes with the rights of the folder's owner.
    let _rights = OwnersRights::take(&folder).map_err(Error::of_file(&folder))?;
    source.copy_to(target, &folder)
}

/// An open inventory, or an open copy of one. Its path is not used again to open it.
pub(super) struct Source {
    db: Connection,
    path: PathBuf,
    size: u64,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let db = Connection::source(path)?;
        schema::inspect_source(&db, path)?;
        Ok(Self {
            db,
            path: path.to_owned(),
            size: size_of(path)?,
        })
    }

    /// Copies the inventory, and gives the copy to the owner of `model`.
    pub(super) fn copy_to(&self, target: &Path, model: &Path) -> Result<u64, Error> {
        reject_existing(target)?;
        let folder = folder_of(target);
        reject_non_empty(&folder, self.size)?;
        let unfinished = unfinished_in(&folder)?;
        self.vacuum_into(unfinished.path())?;
        check(unfinished.path())?;
        let given = give_to_owner_of(model, unfinished.as_file());
        given.map_err(Error::of_file(target))?;
        put(unfinished, target)
    }

    pub(super) fn vacuum_into(&self, target: &Path) -> Result<(), Error> {
        let copied = self.db.copy_into(target);
        copied.map_err(|error| error.or_damaged(&self.path))
    }
}

/// A new file that only its creator can read. It is deleted again unless it is put into place.
pub(super) fn unfinished_in(folder: &Path) -> Result<NamedTempFile, Error> {
    remove_unfinished(folder)?;
    let unfinished = Builder::new().prefix(UNFINISHED).tempfile_in(folder);
    unfinished.map_err(Error::of_file(folder))
}

/// Removes unfinished copies that are more than a day old, such as a power cut leaves.
fn remove_unfinished(folder: &Path) -> Result<(), Error> {
    let entries = folder.read_dir().map_err(Error::of_file(folder))?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let age = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED));
        if is_old && name.to_string_lossy().starts_with(UNFINISHED) {
            std::fs::remove_file(entry.path()).map_err(Error::of_file(folder))?;
        }
    }
    Ok(())
}

const ABANDONED: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Checks every page, index and constraint of a file that is not being written.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let db = Connection::reader(path)?;
    schema::inspect_source(&db, path)?;
    db.examine(path, "integrity_check")
}

/// Gives a finished file its name, durably, unless the name is taken.
pub(super) fn put(unfinished: NamedTempFile, target: &Path) -> Result<u64, Error> {
    unfinished
        .as_file()
        .sync_all()
        .map_err(Error::of_file(target))?;
    let put = unfinished.persist_noclobber(target);
    let file = put.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Taken(target.to_owned()),
        _ => Error::of_file(target)(error.error),
    })?;
    sync_folder(target)?;
    Ok(file.metadata().map_err(Error::of_file(target))?.len())
}

pub(super) fn sync_folder(of: &Path) -> Result<(), Error> {
    sync_folder_of(of).map_err(Error::of_file(&folder_of(of)))
}

pub(super) fn reject_existing(target: &Path) -> Result<(), Error> {
    match target.symlink_metadata() {
        Ok(_) => Err(Error::Taken(target.to_owned())),
        Err(_) => Ok(()),
    }
}

/// The size of a database with its write-ahead log.
pub(super) fn size_of(database: &Path) -> Result<u64, Error> {
    let log = beside(database, "-wal");
    let log = log.metadata().map_or(0, |log| log.len());
    Ok(database.metadata().map_err(Error::of_file(database))?.len() + log)
}

/// How many bytes are free on the disk that holds a file, if that can be known.
pub(super) fn free_beside(path: &Path) -> Option<u64> {
    let disk = statvfs(&folder_of(path)).ok()?;
    Some(disk.blocks_available() * disk.fragment_size())
}

pub(super) fn reject_non_empty(folder: &Path, needed: u64) -> Result<(), Error> {
    let disk = statvfs(folder).map_err(|error| Error::of_file(folder)(error.into()))?;
    let free = disk.blocks_available() * disk.fragment_size();
    if free >= needed + MARGIN {
        return Ok(());
    }
    Err(Error::NoRoom {
        folder: folder.to_owned(),
        needed: (needed + MARGIN) >> 20,
        free: free >> 20,
    })
}
