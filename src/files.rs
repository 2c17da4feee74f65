//! Files that appear whole or not at all, durably, and readable by their owner alone unless said otherwise.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// Writes a file in one step, and replaces one of that name. If root writes it, it gets the owner of `model`.
pub fn write_whole(path: &Path, content: &[u8], model: &Path) -> io::Result<()> {
    replace(path, content, |file| give_to_owner_of(model, file))
}

/// Writes a file in one step that everyone may read, and replaces one of that name.
pub fn write_readable(path: &Path, content: &[u8]) -> io::Result<()> {
    // Unlike the mode of a new file, this is not restricted by the umask.
    let readable = Permissions::from_mode(0o644);
    replace(path, content, |file| file.set_permissions(readable.clone()))
}

/// `prepare` gets the file when it is written, but has not its name yet.
fn replace(
    path: &Path,
    content: &[u8],
    prepare: impl Fn(&File) -> io::Result<()>,
) -> io::Result<()> {
    let unfinished = beside(path, ".unfinished");
    let write = || {
        remove_if_present(&unfinished)?;
        let file = create(&unfinished, content, 0o600)?;
        prepare(&file)?;
        fs::rename(&unfinished, path)?;
        sync_folder_of(path)
    };
    // A full disk must not keep what could not be used.
    write().inspect_err(|_| drop(fs::remove_file(&unfinished)))
}

/// Writes a new file to the disk. Refuses to replace one, and follows no link.
pub fn create(path: &Path, content: &[u8], mode: u32) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(file)
}

pub fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Gives a file that root made to the owner of `model`, which is the daemon's user. Changes the file that is open, even
/// if its path was replaced since.
pub fn give_to_owner_of(model: &Path, file: &File) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (owner, made) = (model.metadata()?, file.metadata()?);
    if (owner.uid(), owner.gid()) == (made.uid(), made.gid()) {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}

/// Makes names in the folder of `path` durable.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that contains a file.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// The path with something added to its name: `inventory.db` and `-wal` make `inventory.db-wal`.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("state");
        fs::write(beside(&path, ".unfinished"), "of a crash")?;
        for content in ["one", "two"] {
            write_whole(&path, content.as_bytes(), folder.path())?;
            assert_eq!(fs::read_to_string(&path)?, content);
        }
        assert_eq!(folder.path().read_dir()?.count(), 1);
        assert_eq!(path.metadata()?.mode() & 0o777, 0o600);
        write_readable(&path, b"three")?;
        assert_eq!(fs::read_to_string(&path)?, "three");
        assert_eq!(path.metadata()?.mode() & 0o777, 0o644);
        Ok(())
    }
}
