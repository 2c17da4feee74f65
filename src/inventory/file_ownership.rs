//! Root at work in a folder that belongs to the daemon's user, who may have planted links in it: nothing here follows
//! one, and nothing is given away but the file that was opened.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{
    AccessFlags, Gid, Uid, access, getegid, geteuid, getgroups, setegid, seteuid, setgroups,
};

/// Opens a file of the inventory's own: no link, and known by no other name.
pub(super) fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // A pipe in its place would keep us waiting.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = options.mode(0o600).custom_flags(flags.bits()).open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.nlink() == 1 {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is no file of its own but a link, or has another name besides. Find out who put it there, and remove it",
    ))
}

/// Whether it is worth the attempt: the file system lets us write, and so does the file.
pub(super) fn may_be_written(path: &Path) -> bool {
    access(path, AccessFlags::W_OK).is_ok()
}

/// Who owns what root makes beside the daemon's files: the daemon.
pub(super) fn give_to_owner_of(model: &Path, file: &File) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (owner, made) = (model.metadata()?, file.metadata()?);
    if (owner.uid(), owner.gid()) == (made.uid(), made.gid()) {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}

/// While this lives, root has the rights of a folder's owner and no more. Of the whole process: only for commands.
#[derive(Debug)]
pub(super) struct OwnersRights(Option<Previous>);

#[derive(Debug)]
struct Previous {
    gid: Gid,
    groups: Vec<Gid>,
}

impl OwnersRights {
    pub(super) fn take(folder: &Path) -> io::Result<Self> {
        let owner = folder.metadata()?;
        if !geteuid().is_root() || owner.uid() == 0 {
            return Ok(Self(None));
        }
        let former = Previous {
            gid: getegid(),
            groups: getgroups()?,
        };
        setgroups(&[])?;
        // From here on what fails is undone.
        let rights = Self(Some(former));
        setegid(Gid::from_raw(owner.gid()))?;
        seteuid(Uid::from_raw(owner.uid()))?;
        Ok(rights)
    }
}

impl Drop for OwnersRights {
    fn drop(&mut self) {
        let Some(Previous { gid, groups }) = &self.0 else {
            return;
        };
        let back = seteuid(Uid::from_raw(0))
            .and_then(|()| setegid(*gid))
            .and_then(|()| setgroups(groups));
        if let Err(error) = back {
            tracing::error!("root's rights could not be taken back: {error}");
        }
    }
}
