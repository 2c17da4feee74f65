//! The file sink. A reader sees the old token or the new one, never a part: each version is a new file, readable by the
//! right users before it has content, on the disk before it takes the place of the one before.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::access_list::{AccessList, PASS, READ};
use super::account::{Account, Id};
use super::file_format::FileFormat;
use crate::files::{folder_of, remove_if_present, sync_folder_of};
use crate::model::{Deliverable, Readers};
use crate::secret::Secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSink {
    /// Contains `{name}` once.
    pub path: String,
    /// Who may read the files, besides the daemon and root.
    pub readers: Vec<Account>,
    pub format: FileFormat,
}

/// Nobody else may even look into a folder that the daemon makes, but for the readers.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o400;
/// No token is as long.
const LONGEST: u64 = 64 * 1024;

impl FileSink {
    pub(in crate::delivery) fn path_of(&self, token: &str) -> String {
        self.path.replace("{name}", token)
    }

    /// The users whose confirmation shows that the file is in use.
    pub fn named_readers(&self) -> Readers {
        let users = self.readers.iter().map(|reader| match reader {
            Account::User(user) => Some(user.clone()),
            Account::Group(_) => None,
        });
        users
            .collect::<Option<_>>()
            .map_or(Readers::Anybody, Readers::Named)
    }

    /// Writes the token's file, unless it has this content and these readers already. An error says what to do.
    pub(in crate::delivery) fn deliver(
        &self,
        token: &Deliverable,
        secret: &Secret,
    ) -> Result<(), String> {
        let path = PathBuf::from(self.path_of(&token.name));
        let readers: Result<Vec<Id>, String> = self.readers.iter().map(Account::id).collect();
        let readers = readers?;
        let content = self.format.content(token, secret);
        make_folder(&path, &readers).map_err(|error| explained(&folder_of(&path), &error))?;
        if is_as_it_should_be(&path, &content, &readers) {
            return Ok(());
        }
        replace(&path, &content, &readers).map_err(|error| explained(&path, &error))
    }

    /// Whether the token's file is there, whole and readable by the readers. Opens the folders to them again, because
    /// those below /run are new after a restart.
    pub(in crate::delivery) fn has(&self, token: &Deliverable, secret: &Secret) -> bool {
        let readers: Result<Vec<Id>, String> = self.readers.iter().map(Account::id).collect();
        let (Ok(readers), path) = (readers, PathBuf::from(self.path_of(&token.name))) else {
            return false;
        };
        let content = self.format.content(token, secret);
        make_folder(&path, &readers).is_ok() && is_as_it_should_be(&path, &content, &readers)
    }
}

impl FileSink {
    /// Writes an empty file where the tokens go, readable by the readers, and removes it.
    pub(in crate::delivery) fn try_folder(&self) -> Result<String, String> {
        let path = PathBuf::from(self.path_of("perennial-test"));
        let readers: Result<Vec<Id>, String> = self.readers.iter().map(Account::id).collect();
        let readers = readers?;
        make_folder(&path, &readers).map_err(|error| explained(&folder_of(&path), &error))?;
        let tried = replace(&path, &Secret::new(""), &readers).and_then(|()| remove(&path));
        tried.map_err(|error| explained(&path, &error))?;
        Ok(format!(
            "a file in {} can be written for its readers",
            folder_of(&path).display()
        ))
    }
}

/// Makes the folder if it is missing, and lets the readers pass through the folders that belong to the daemon. Root owns
/// the whole machine, so it changes nothing but the folder itself and those that it made for it.
fn make_folder(path: &Path, readers: &[Id]) -> io::Result<()> {
    let folder = folder_of(path);
    let missing = folder
        .ancestors()
        .take_while(|folder| !folder.exists())
        .count();
    if missing > 0 {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&folder)?;
        sync_folder_of(&folder)?;
    }
    let user = nix::unistd::geteuid();
    let changeable = if user.is_root() {
        missing.max(1)
    } else {
        usize::MAX
    };
    for folder in folder.ancestors().take(changeable) {
        // What cannot be opened belongs to someone else.
        if let Ok(opened) = File::open(folder)
            && opened.metadata()?.uid() == user.as_raw()
        {
            let_pass(&opened, readers)?;
        }
    }
    Ok(())
}

fn let_pass(folder: &File, readers: &[Id]) -> io::Result<()> {
    let mut list = AccessList::of_file(folder)?;
    if readers.iter().all(|&reader| list.allows(reader, PASS)) {
        return Ok(());
    }
    readers.iter().for_each(|&reader| list.allow(reader, PASS));
    list.set_on(folder)
}

/// The access list of a file for its readers.
fn list_for(readers: &[Id]) -> AccessList {
    let mut list = AccessList::of_mode(FILE_MODE);
    readers.iter().for_each(|&reader| list.allow(reader, READ));
    list
}

/// What cannot be read is written again.
fn is_as_it_should_be(path: &Path, content: &Secret, readers: &[Id]) -> bool {
    let look = || -> io::Result<bool> {
        let file = open_without_following(path)?;
        let mut found = String::new();
        (&file).take(LONGEST).read_to_string(&mut found)?;
        let is_same = content.is(&found);
        Ok(is_same && AccessList::of_file(&file)? == list_for(readers))
    };
    look().unwrap_or(false)
}

fn open_without_following(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(ErrorKind::InvalidInput.into()),
    }
}

fn replace(path: &Path, content: &Secret, readers: &[Id]) -> io::Result<()> {
    reject_other_kinds(path)?;
    let unfinished = unfinished(path);
    let write = || {
        remove_if_present(&unfinished)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(&unfinished)?;
        // The folder may have a list for new files. Without it and without readers, the mode says all.
        let list = list_for(readers);
        if AccessList::of_file(&file)? != list {
            list.set_on(&file)?;
        }
        file.write_all(content.expose().as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        sync_folder_of(path)
    };
    // A token must not lie about where nobody looks for it.
    write().inspect_err(|_| drop(fs::remove_file(&unfinished)))
}

/// A token's name may be that of a socket or a folder in the same place.
fn reject_other_kinds(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(there) if !there.is_file() => Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "something that is not a file is there already",
        )),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Hidden and in the same folder, so that the file can take its place in one step.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder_of(path).join(format!(".{name}.unfinished"))
}

/// Removes a file that this sink wrote. One that is gone already needs nothing.
pub(in crate::delivery) fn remove(path: &Path) -> io::Result<()> {
    remove_if_present(&unfinished(path))?;
    match path.symlink_metadata() {
        Ok(there) if there.is_file() => {
            fs::remove_file(path)?;
            sync_folder_of(path)
        }
        // Someone else has put something else there.
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// What went wrong, and what to do about it.
fn explained(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    let help = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::OPNOTSUPP) => {
            "; its file system has no access lists (ACLs), which `readers` needs: deliver below /run/perennial, or \
             mount it with the option acl"
        }
        Some(Errno::ROFS | Errno::PERM | Errno::ACCESS) => {
            "; the unit lets the daemon write below /run/perennial only: for other places install the drop-in \
             delivery-paths.conf, and let the user perennial write there"
        }
        Some(Errno::NOSPC | Errno::DQUOT) => "; free some space there",
        _ => "",
    };
    format!("{path}: {error}{help}")
}

#[cfg(test)]
mod tests;
