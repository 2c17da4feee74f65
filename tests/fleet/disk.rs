//! Where the databases of a run lie: in a temporary folder of the build, which should be on a disk.

use std::path::PathBuf;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use tempfile::TempDir;

use super::Result;
use super::attached::target;

/// For an example, cargo names no such folder.
const PARENT: Option<&str> = option_env!("CARGO_TARGET_TMPDIR");

pub fn folder() -> Result<TempDir> {
    Ok(tempfile::tempdir_in(parent()?)?)
}

fn parent() -> Result<PathBuf> {
    let parent = match PARENT {
        Some(parent) => PathBuf::from(parent),
        None => target()?.join("tmp"),
    };
    std::fs::create_dir_all(&parent)?;
    Ok(parent)
}

pub fn describe() -> Result {
    let parent = parent()?;
    println!("The databases are in {}.", parent.display());
    if statfs(&parent)?.filesystem_type() == TMPFS_MAGIC {
        println!(
            "That is in memory, where a durable commit costs nothing: set CARGO_TARGET_DIR to a folder on a disk."
        );
    }
    Ok(())
}
