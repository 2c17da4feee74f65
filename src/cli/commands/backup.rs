//! `perennial backup FILE`: copies the whole inventory, whether or not the daemon runs.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{Answer, Global, Result, Terminal};
use crate::config;
use crate::inventory;

/// Copy the inventory to a file, whether or not the daemon runs
///
/// The copy is checked before it gets its name, and never replaces another file. It is encrypted like the inventory:
/// you need the same inventory key to use it, and the copy does not contain that key.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The file to write; it must not exist yet
    file: PathBuf,
}

const INSTEAD: &str = "copy it with PostgreSQL's own tools, such as pg_dump --format=custom --file=FILE and the database \
                       of [inventory] url. The copy opens only with the inventory key, which it does not contain. After it \
                       was restored, perennial restore without a file checks it";

pub(crate) fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let stores = config::stores(global.config())?;
    let (inventory, key) = (stores.file(INSTEAD)?, &stores.key);
    let size = inventory::copy(inventory, &options.file)?;
    terminal.print(&format!(
        "{} is a complete, checked copy of {} ({} KiB).",
        options.file.display(),
        inventory.display(),
        crate::cli::terminal::text::count(size.div_ceil(1024))
    ))?;
    terminal.warn(&format!(
        "It opens only with the inventory key, which it does not contain: keep a copy of {} elsewhere. To restore it: \
         perennial restore FILE",
        key.display()
    ));
    Ok(Answer::Yes)
}
