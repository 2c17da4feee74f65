//! A folder that breaks: a file stands in its place.

use std::fs;
use std::path::{Path, PathBuf};

use super::Result;

pub(super) struct Place {
    folder: PathBuf,
    away: PathBuf,
}

impl Place {
    pub(super) fn make(folder: PathBuf) -> Result<Self> {
        fs::create_dir(&folder)?;
        let away = folder.with_extension("away");
        Ok(Self { folder, away })
    }

    pub(super) fn break_it(&self) -> Result {
        fs::rename(&self.folder, &self.away)?;
        Ok(fs::write(&self.folder, "")?)
    }

    pub(super) fn mend(&self) -> Result {
        fs::remove_file(&self.folder)?;
        Ok(fs::rename(&self.away, &self.folder)?)
    }

    /// `None` while it is broken.
    pub(super) fn path(&self) -> Option<&Path> {
        self.folder.is_dir().then_some(self.folder.as_path())
    }
}
