//! `perennial backup FILE`: a whole copy of the inventory, whether the daemon runs or not.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{Answer, Error, Global, Terminal};
use crate::config::{self, StoragePaths};
use crate::inventory;

/// Copy the inventory to a file, whether the daemon runs or not
///
/// The copy is checked before it gets its name, and never takes the place of another file. It is sealed as the
/// inventory is: to be of use it needs the same inventory key, which is not in it.
#[derive(Clone, Debug, Args)]
pub struct Options {
    file: PathBuf,
}

pub(crate) fn run(
    options: &Options,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    let StoragePaths { inventory, key, .. } = config::stores(global.config())?;
    let size = inventory::copy(&inventory, &options.file)?;
    terminal.print(&format!(
        "{} holds a whole copy of {}, {} KiB, checked.",
        options.file.display(),
        inventory.display(),
        crate::cli::terminal::text::count(size.div_ceil(1024))
    ))?;
    terminal.warn(&format!(
        "It opens with the inventory key alone, which is not in it: keep a copy of {} elsewhere. Back to it: perennial \
         restore FILE",
        key.display()
    ));
    Ok(Answer::Yes)
}
