//! `perennial move-inventory`: moves the inventory from a file to a server, or back.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::inventory_place::{Known, PlaceArgument};
use crate::cli::terminal::text::{count, counted};
use crate::cli::{Answer, Error, Global, Result, Terminal, key_file};
use crate::config;
use crate::inventory::{self, MoveProgress, Moved, Place, ServerError};

/// Move the inventory to a server or back, with daemons stopped
///
/// Everything is copied: tokens, history, incidents, emails that wait, begun exchanges. The target must be an empty
/// database of PostgreSQL, or a file that is not there yet. The same inventory key opens it afterwards. The copy appears
/// when it is complete, every table was counted and every secret was opened; until then the source is unchanged, so you
/// can interrupt the command and run it again. Afterwards the source is marked, and no daemon starts on it.
///
/// A place is sqlite:/path for a file; for a server it is credential:NAME or file:/path, which holds the URL, or a URL
/// without a password. A URL without a password that names the database of [inventory] url gets its password from there.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Where the inventory is now
    #[arg(long, value_name = "PLACE", value_parser = PlaceArgument::read)]
    from: PlaceArgument,
    /// Where it is to be
    #[arg(long, value_name = "PLACE", value_parser = PlaceArgument::read)]
    to: PlaceArgument,
    /// The file of the inventory key [default: the key in the configuration]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The certificates of the authority that signs the server's certificate [default: ca in the configuration]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let stores = config::stores(global.config())?;
    let known = Known {
        config: global.config(),
        server: &stores.server,
        ca: options.ca.as_deref(),
    };
    let from = options.from.place("--from", &known)?;
    let to = options.to.place("--to", &known)?;
    let key = key_file::read(options.key_file.as_deref().unwrap_or(&stores.key))?;
    let progress = Progress::begin();
    let moved = inventory::move_inventory(&from, &to, &key, &mut |at| progress.show(at));
    progress.end();
    let moved = moved.map_err(|error| with_password(error, options))?;
    terminal.print(&described(&moved, &from, &to))?;
    match &moved.unmarked {
        None => terminal.print(&format!(
            "{from} is marked as moved, so that no daemon starts on it."
        ))?,
        Some(error) => terminal.warn(&format!(
            "{from} could not be marked as moved ({error}). Do not start a daemon on it: it would renew the same tokens. \
             Run the same command again to mark it."
        )),
    }
    terminal.warn(&what_to_do_next(&from, &to, global));
    Ok(match moved.unmarked {
        None => Answer::Yes,
        Some(_) => Answer::No,
    })
}

/// A server may want a password, which a URL on the command line must not have.
fn with_password(error: inventory::Error, options: &Options) -> Error {
    let is_url = [&options.from, &options.to]
        .into_iter()
        .any(|place| matches!(place, PlaceArgument::Url(_)));
    match &error {
        inventory::Error::Server(ServerError::Login { .. }) if is_url => Error::Refused(format!(
            "{error}\nIf it needs a password, write the URL with the password into a file that only you can read (chmod \
             600), and name that file: file:/path"
        )),
        _ => error.into(),
    }
}

fn described(moved: &Moved, from: &Place, to: &Place) -> String {
    let what = match moved.was_there {
        false => "holds what was in",
        true => "already held what is in",
    };
    let mut text = format!(
        "{to} {what} {from}: {}, with the same number of rows in each of the {} tables ({} in all). The inventory key \
         opened {} there.",
        counted(moved.tokens, "token"),
        moved.tables,
        count(moved.rows),
        counted(moved.secrets, "encrypted value")
    );
    if moved.unsealable > 0 {
        text.push_str(&format!(
            "\n{} cannot be opened, neither there nor before. Import those tokens again: perennial import --replace NAME",
            counted(moved.unsealable, "encrypted value")
        ));
    }
    text
}

fn what_to_do_next(from: &Place, to: &Place, global: &Global) -> String {
    let config = global.config().display();
    let (setting, others) = match to {
        Place::File(path) => (
            format!("path = \"{}\"", path.display()),
            "Remove url, ca, node and serve_from_memory there. A file is for one daemon: start no other.",
        ),
        Place::Server(_) => (
            "url = { credential = \"inventory.url\" }".to_owned(),
            "Remove path, backups and keep_backups there. The URL belongs into the file inventory.url in the folder \
             credentials beside it.",
        ),
    };
    format!(
        "Next, unless it is so already, write this into [inventory] of {config}:\n    {setting}\n{others}\nThen start the \
         daemon: systemctl start perennial\nKeep {from} until the daemon has worked well for some days and you have a \
         backup of {to}. To go back, stop the daemon and move the inventory back, to a new place."
    )
}

/// Visible on a terminal only.
struct Progress(ProgressBar);

impl Progress {
    fn begin() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&self, at: MoveProgress) {
        match at {
            MoveProgress::Rows { done, all } => {
                self.0.set_length(all);
                self.0.set_position(done);
                self.0
                    .set_message(format!("{} copied", counted(done, "row")));
            }
            MoveProgress::Secrets { done } => {
                let text = format!("{} checked", counted(done, "encrypted value"));
                self.0.set_message(text);
            }
        }
    }

    fn end(self) {
        self.0.finish_and_clear();
    }
}
