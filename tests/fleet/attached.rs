//! Another program that ends when the benchmark does, however that ends.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use super::Result;

/// Its process goes through this program, which then becomes it.
pub fn command(program: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("attached").arg(program);
    Ok(command)
}

/// The side of the other process. The kernel ends it when the thread that started it has ended.
pub fn become_it(program: &OsStr, arguments: &[OsString]) -> Result {
    set_pdeathsig(Signal::SIGKILL)?;
    Err(Command::new(program).args(arguments).exec().into())
}
