//! A filled inventory: twelve days of the demo.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use perennial::secret::Key;
use rusqlite::Connection;
use tempfile::TempDir;

const SCRIPT: &str = include_str!("../fixtures/inventory/0001.sql");

/// The file, byte for byte the same in each process.
pub static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = folder();
    let path = folder.path().join("made.db");
    let db = Connection::open(&path).expect("a new database");
    db.execute_batch(SCRIPT).expect("the script of the fixture");
    db.close().expect("no one else uses this database");
    fs::read(path).expect("the new database")
});

/// The key that the fixture was sealed with.
pub fn key() -> Key {
    let line = SCRIPT
        .lines()
        .find_map(|line| line.strip_prefix("-- key: "));
    Key::read(line.expect("the fixture's key").as_bytes()).expect("a key")
}

pub fn key_text() -> &'static str {
    let line = SCRIPT
        .lines()
        .find_map(|line| line.strip_prefix("-- key: "));
    line.unwrap_or_default().trim()
}

/// A new folder. What is left of it when the process ends is removed by `proof.py`.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What lies in a folder, in order.
pub fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    names.sort();
    names
}
