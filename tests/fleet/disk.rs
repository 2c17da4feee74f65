//! Where the databases of a run lie: in a temporary folder of the build, which should be on a disk.

use std::path::Path;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use tempfile::TempDir;

use super::Result;

const PARENT: &str = env!("CARGO_TARGET_TMPDIR");

pub fn folder() -> Result<TempDir> {
    std::fs::create_dir_all(PARENT)?;
    Ok(tempfile::tempdir_in(PARENT)?)
}

pub fn describe() -> Result {
    std::fs::create_dir_all(PARENT)?;
    println!("The databases are in {PARENT}.");
    if statfs(Path::new(PARENT))?.filesystem_type() == TMPFS_MAGIC {
        println!(
            "That is in memory, where a durable commit costs nothing: set CARGO_TARGET_DIR to a folder on a disk."
        );
    }
    Ok(())
}
