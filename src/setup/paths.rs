//! Which file goes where, and who may read it.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, geteuid};

use super::{Error, files};
use crate::config::{self, CREDENTIALS, Home};

#[derive(Clone, Debug)]
pub struct Places {
    pub config: PathBuf,
    /// The folder of the configuration.
    pub folder: PathBuf,
    pub inventory: PathBuf,
    pub home: Home,
    /// The daemon's group, which may read the configuration; `None` outside the service's own paths.
    group: Option<Gid>,
}

/// Why the paths cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    #[error(
        "only root can set up the service: sudo perennial setup\n\
         To try it out as yourself, with everything below one folder: perennial setup --config-dir ~/perennial"
    )]
    NotRoot,
    #[error(
        "there is no group {DAEMON}, which the package creates together with the daemon's user. Install the package, \
         or copy perennial.sysusers to /usr/lib/sysusers.d/perennial.conf and run: systemd-sysusers"
    )]
    NoGroup,
}

const DAEMON: &str = "perennial";

impl Places {
    /// The paths of the systemd service.
    pub fn of_the_service() -> Result<Self, NoPlace> {
        if !geteuid().is_root() {
            return Err(NoPlace::NotRoot);
        }
        let group = Group::from_name(DAEMON).ok().flatten();
        let config = PathBuf::from(config::USUAL_FILE);
        Ok(Self {
            folder: config.parent().unwrap_or(Path::new("/")).to_owned(),
            config,
            inventory: PathBuf::from(config::USUAL_INVENTORY),
            home: Home::Service,
            group: Some(group.ok_or(NoPlace::NoGroup)?.gid),
        })
    }

    /// All paths below one folder, which must be absolute.
    pub fn below(folder: &Path) -> Self {
        Self {
            config: folder.join("perennial.toml"),
            folder: folder.to_owned(),
            inventory: folder.join("inventory.db"),
            home: Home::Folder(folder.to_owned()),
            group: None,
        }
    }

    pub fn is_set_up(&self) -> bool {
        self.config.exists()
    }

    pub fn has_inventory(&self) -> bool {
        self.inventory
            .metadata()
            .is_ok_and(|metadata| metadata.len() > 0)
    }

    pub fn credentials(&self) -> PathBuf {
        self.folder.join(CREDENTIALS)
    }

    pub fn credential(&self, name: &str) -> PathBuf {
        self.credentials().join(name)
    }

    /// Creates the folders. Existing ones do not change.
    pub(super) fn make_folders(&self) -> Result<(), Error> {
        let mode = if self.group.is_some() { 0o750 } else { 0o700 };
        if files::make_folder(&self.folder, mode)? {
            self.give_to_daemon(&self.folder, mode)?;
        }
        files::make_folder(&self.credentials(), 0o700).map(drop)
    }

    /// Lets the daemon read the file, but not change it.
    pub(super) fn give_to_daemon(&self, path: &Path, mode: u32) -> Result<(), Error> {
        files::set_mode(path, mode)?;
        match self.group {
            Some(group) => chown(path, Some(Uid::current().as_raw()), Some(group.as_raw()))
                .map_err(Error::file(path)),
            None => Ok(()),
        }
    }
}
