//! `perennial restore FILE`: replaces the inventory by a copy, and keeps the replaced one. An inventory on a server is
//! checked after the server's own tools have restored it.

mod on_server;

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use crate::cli::terminal::text::counted;
use crate::cli::terminal::time;
use crate::cli::{Answer, Error, Global, Result, Terminal, key_file};
use crate::config;
use crate::daemon::clock;
use crate::files;
use crate::inventory::{self, Contents, Present, Restore};
use crate::secret::Key;

/// Replace the inventory by a copy, with the daemon stopped
///
/// A copy that is broken, newer than this version, or encrypted with another key is refused, and nothing is changed.
/// The replaced inventory is kept beside it. A file that was moved to a server with move-inventory is a copy, too: name
/// it here to go back to it as it was then.
///
/// An inventory on a server is restored with pg_restore. Afterwards, run this without a file: it checks what was
/// restored, opens every secret, and has every token checked anew. This also goes back to a database that was moved away.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The copy, as perennial backup wrote it; none for an inventory on a server
    file: Option<PathBuf>,
    /// The file of the key that opens the copy [default: the key in the configuration]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

const INSTEAD: &str = "stop every daemon that uses it, and restore a copy of pg_dump with pg_restore --clean --if-exists \
                       --single-transaction and the database of [inventory] url. Then run perennial restore without a \
                       file: it checks what was restored, and has every token checked anew. Then start the daemon";

pub(crate) fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let stores = config::stores(global.config())?;
    let Some(file) = &options.file else {
        return on_server::run(options, &stores, global, terminal);
    };
    let path = stores.file(INSTEAD)?;
    let key = options.key_file.as_deref().unwrap_or(&stores.key);
    let opened_with = key_file::read(key)?;
    let restore = Restore::prepare(path, &opened_with, file)
        .map_err(|error| with_kept_key(error, &stores.key, file))?;
    terminal.print(&described(file, &restore.contents, terminal))?;
    terminal.print(&what_is_lost(&restore, terminal))?;
    let question = "Replace the inventory with it?";
    if !options.yes && !is_confirmed(question, "FILE", terminal)? {
        terminal.warn("Nothing was changed.");
        return Ok(Answer::No);
    }
    let kept = restore.carry_out(clock::now())?;
    let (copy, path) = (file.display(), path.display());
    terminal.print(&format!("{copy} is now {path}."))?;
    if let Some(kept) = kept {
        terminal.print(&format!(
            "The previous inventory is kept: {}",
            kept.display()
        ))?;
    }
    terminal.warn(&how_to_start(&opened_with, key, &stores.key));
    Ok(Answer::Yes)
}

/// A daemon that finds another key in `place` than `used`, which opens the copy, does not start.
fn how_to_start(used: &Key, file: &Path, place: &Path) -> String {
    const START: &str = "Start the daemon: systemctl start perennial";
    let in_place = key_file::read(place).ok().map(|key| key.id());
    if in_place == Some(used.id()) {
        return START.to_owned();
    }
    let (file, place) = (file.display(), place.display());
    let keep = in_place.map_or_else(String::new, |other| {
        format!("    mv {place} {place}.old-{other}\n")
    });
    format!(
        "This inventory opens only with the key in {file}, and the daemon looks for its key in {place}.\n\
         Before you start the daemon, put the right key there:\n{keep}    cp -p {file} {place}\n\
         If systemd decrypts the key for the daemon, encrypt {file} there instead.\n{START}"
    )
}

/// An earlier `rekey` keeps the old key beside the new one, under its id.
fn with_kept_key(error: inventory::Error, place: &Path, copy: &Path) -> Error {
    let inventory::Error::WrongKey { stored, .. } = &error else {
        return error.into();
    };
    let stored = stored.split(|c: char| !c.is_ascii_alphanumeric());
    let kept = stored
        .filter(|id| !id.is_empty())
        .map(|id| files::beside(place, &format!(".old-{id}")))
        .find(|kept| kept.exists());
    match kept {
        Some(kept) => Error::Refused(format!(
            "{} was sealed with an earlier key, which is kept in {}. Nothing was changed. Restore the copy with that \
             key:\n    \
             perennial restore --key-file {} {}",
            copy.display(),
            kept.display(),
            kept.display(),
            copy.display()
        )),
        None => error.into(),
    }
}

fn is_confirmed(question: &str, arguments: &str, terminal: &mut Terminal) -> Result<bool> {
    if !terminal.is_interactive() {
        let command = format!("perennial restore --yes {arguments}");
        let text = format!(
            "stdin is not a terminal; pass --yes to confirm: {}",
            command.trim_end()
        );
        return Err(Error::Usage(text));
    }
    Ok(terminal.confirms(question))
}

fn described(file: &Path, copy: &Contents, terminal: &Terminal) -> String {
    let broken = match copy.unsealable {
        0 => String::new(),
        1 => " 1 of them cannot be opened: import it again.".to_owned(),
        many => format!(" {many} of them cannot be opened: import them again."),
    };
    format!(
        "{} is sound: {}, the newest event of {}.{broken}",
        file.display(),
        counted(copy.tokens, "token"),
        moment(copy.newest_event_at, terminal)
    )
}

fn what_is_lost(restore: &Restore, terminal: &Terminal) -> String {
    let (copy, now) = match &restore.present {
        Present::Nothing => return "There is no inventory there yet.".to_owned(),
        Present::Unreadable(why) => return format!("The present inventory cannot be read: {why}."),
        Present::Inventory(now) => (&restore.contents, now),
    };
    let lost = match (copy.newest_event_at, now.newest_event_at) {
        (Some(copy), Some(now)) if copy < now => {
            let span = time::span(now.duration_since(copy));
            format!("what it recorded in the {span} between is lost")
        }
        _ => "nothing is lost".to_owned(),
    };
    format!(
        "The present inventory holds {}, the newest event of {}; {lost}. You may have to import again the secrets \
         that were renewed meanwhile.",
        counted(now.tokens, "token"),
        moment(now.newest_event_at, terminal)
    )
}

fn moment(at: Option<Timestamp>, terminal: &Terminal) -> String {
    at.map_or("never".to_owned(), |at| {
        time::absolute(at, &terminal.format)
    })
}
