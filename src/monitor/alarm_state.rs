//! A small file that records which alarms were notified. Without it, every run would send an email.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::policy::AlarmStates;
use crate::files::{folder_of, write_whole};

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
        // If root writes the file, it must still belong to the daemon's user.
        match write_whole(path, text.as_bytes(), &folder_of(path)) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => write_in_place(path, &text),
            written => written,
        }
    }
}

fn write_in_place(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
