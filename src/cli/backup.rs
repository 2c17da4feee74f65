//! `perennial backup FILE`: a whole copy of the inventory, whether the daemon runs or not.

use std::path::PathBuf;

use clap::Args;

use super::{Answer, Failure, Global, Screen};
use crate::config::{self, Stores};
use crate::inventory;

/// Copy the inventory to a file, whether the daemon runs or not
///
/// The copy is checked before it gets its name, and never takes the place of another file. It is sealed as the
/// inventory is: to be of use it needs the same inventory key, which is not in it.
#[derive(Clone, Debug, Args)]
pub struct Options {
    file: PathBuf,
}

pub(super) fn run(
    options: &Options,
    global: &Global,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let Stores { inventory, key, .. } = config::stores(global.config())?;
    let size = inventory::copy(&inventory, &options.file)?;
    screen.say(&format!(
        "{} holds a whole copy of {}, {} KiB, checked.",
        options.file.display(),
        inventory.display(),
        super::text::count(size.div_ceil(1024))
    ))?;
    screen.note(&format!(
        "It opens with the inventory key alone, which is not in it: keep a copy of {} elsewhere. Back to it: perennial \
         restore FILE",
        key.display()
    ));
    Ok(Answer::Yes)
}
