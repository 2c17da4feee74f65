//! Lets root work in a folder of the daemon's user, who may have planted links in it. Nothing here follows a link, and
//! only a file that was opened is given away.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{
    AccessFlags, Gid, Uid, access, getegid, geteuid, getgroups, setegid, seteuid, setgroups,
};

/// Opens a file of the inventory. Refuses a link, and a file with a second name.
pub(super) fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Otherwise a pipe in its place would block.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = options.mode(0o600).custom_flags(flags.bits()).open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.nlink() == 1 {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is not a regular file, or it has a second name. Find out who put it there, and remove it",
    ))
}

/// Whether writing is worth trying: the file system and the file allow it.
pub(super) fn may_be_written(path: &Path) -> bool {
    access(path, AccessFlags::W_OK).is_ok()
}

/// Restricts root to the rights of a folder's owner until it is dropped. Affects the whole process, so it is only for
/// commands.
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
        // From here on, dropping `rights` undoes the steps if one fails.
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
            tracing::error!("cannot take back the rights of root: {error}");
        }
    }
}
