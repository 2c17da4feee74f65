//! Another program that ends when the benchmark does, however that ends.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use super::Result;

/// Its process goes through this program, which then becomes it.
pub fn command(program: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("attached").arg(program);
    Ok(command)
}

/// The daemon's program: where cargo says, or beside an example.
pub fn program() -> Result<PathBuf> {
    match option_env!("CARGO_BIN_EXE_perennial") {
        Some(program) => Ok(program.into()),
        None => Ok(target()?.join("perennial")),
    }
}

/// Where cargo has put an example: two folders up.
pub fn target() -> Result<PathBuf> {
    let example = std::env::current_exe()?;
    let target = example.ancestors().nth(2);
    Ok(target.ok_or("this program has no folder")?.to_owned())
}

/// The side of the other process. The kernel ends it when the thread that started it has ended.
pub fn become_it(program: &OsStr, arguments: &[OsString]) -> Result {
    set_pdeathsig(Signal::SIGKILL)?;
    Err(Command::new(program).args(arguments).exec().into())
}
