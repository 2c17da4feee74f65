//! A small file that records which alarms were notified. Without it, every run would send an email.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::policy::AlarmStates;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct AlarmStore {
    pub(super) alarms: AlarmStates,
}

/// The file is always at least this long, so that it can be overwritten in place when the disk is full.
const ROOM: usize = 4096;

/// A longer file was not written by this program.
const LONGEST: u64 = 1 << 20;

impl AlarmStore {
    /// A missing or unreadable file counts as empty; then an email may be sent again.
    pub(super) fn read(path: &Path) -> Self {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
        if read.is_err() {
            return Self::default();
        }
        serde_json::from_str(text.trim_end()).unwrap_or_default()
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string(self)?;
        text.push_str(&" ".repeat(ROOM.saturating_sub(text.len() + 1)));
        text.push('\n');
        let unfinished = path.with_extension("unfinished");
        match write_whole(&unfinished, &text, path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                fs::remove_file(&unfinished).ok();
                write_in_place(path, &text)
            }
            Err(error) => Err(error),
        }
    }
}

fn write_whole(unfinished: &Path, text: &str, path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(unfinished)?;
    file.write_all(text.as_bytes())?;
    // If root writes the file, it must still belong to the daemon's user.
    let folder = path.parent().unwrap_or(Path::new(".")).metadata()?;
    if file.metadata()?.uid() != folder.uid() {
        chown(unfinished, Some(folder.uid()), Some(folder.gid())).ok();
    }
    file.sync_all()?;
    fs::rename(unfinished, path)
}

fn write_in_place(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
