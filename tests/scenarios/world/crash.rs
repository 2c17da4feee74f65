//! Crashes on demand: a command that ends at the Nth change of a file, and disks that are full or read-only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Result;
use super::daemon::PROGRAM;

/// Ends programs in the middle of their work. The compiler that links this test also compiles it.
pub struct Crasher {
    library: PathBuf,
    _folder: tempfile::TempDir,
}

/// How a run ended that was meant to be cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Off,
    /// The run has fewer steps.
    NotReached,
}

impl Crasher {
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (source, library) = (
            folder.path().join("crash.c"),
            folder.path().join("crash.so"),
        );
        fs::write(&source, include_str!("crash.c"))?;
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status()?;
        assert!(compiled.success(), "cc makes no library");
        Ok(Self {
            library,
            _folder: folder,
        })
    }

    /// Makes a command end at the `step`th change of a file.
    pub fn prepare(&self, command: &mut Command, step: u32) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("CRASH_AT", step.to_string());
    }

    /// The same, but only changes count that are made while there is this file.
    pub fn prepare_once(&self, command: &mut Command, mark: &Path, step: u32) {
        self.prepare(command, step);
        command.env("CRASH_ONCE", mark);
    }

    /// Runs a command of the program up to its `step`th change of a file.
    pub fn cut(&self, step: u32, config: &Path, arguments: &[&str]) -> Result<Cut> {
        let output = Command::new(PROGRAM)
            .arg("--config")
            .arg(config)
            .args(arguments)
            .env("LD_PRELOAD", &self.library)
            .env("CRASH_AT", step.to_string())
            .stdin(Stdio::null())
            .output()?;
        match output.status.code() {
            Some(137) => Ok(Cut::Off),
            Some(0) => Ok(Cut::NotReached),
            _ => Err(format!("{output:?}").into()),
        }
    }
}

/// Runs the program with a disk of this many MiB in the inventory's folder. `None` if this machine does not allow it.
pub fn on_a_small_disk(folder: &Path, mebibytes: u32) -> Option<Command> {
    with_mounts(&format!(
        "mount -t tmpfs -o size={mebibytes}m tmpfs '{0}' && cp -a '{0}.before/.' '{0}/'",
        folder.display()
    ))
}

/// Like [`on_a_small_disk`], but the disk is full.
pub fn on_a_full_disk(folder: &Path, mebibytes: u32) -> Option<Command> {
    with_mounts(&format!(
        "mount -t tmpfs -o size={mebibytes}m tmpfs '{0}' && cp -a '{0}.before/.' '{0}/' && \
         {{ dd if=/dev/zero of='{0}/filler' bs=4096 2>/dev/null; true; }}",
        folder.display()
    ))
}

/// Runs the program with a read-only folder.
pub fn on_a_read_only_disk(folder: &Path) -> Option<Command> {
    with_mounts(&format!(
        "mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}'",
        folder.display()
    ))
}

/// Runs the program with mounts of its own, made by a shell script. `None` if this machine does not allow it.
fn with_mounts(script: &str) -> Option<Command> {
    let script = format!("{script} && exec \"$@\"");
    let is_root = nix::unistd::getuid().is_root();
    let flags = if is_root { "-m" } else { "-rm" };
    let able = Command::new("unshare").args([flags, "true"]).status();
    if !able.is_ok_and(|able| able.success()) {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args([flags, "sh", "-c", &script, "sh", PROGRAM]);
    Some(command)
}
