//! `perennial rekey`: changes the inventory key. It may be interrupted at any point: the key in place still opens the
//! inventory, and the next run continues.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::{Answer, Error, Global, Result, Terminal, inventory_place, key_file};
use crate::config;
use crate::files;
use crate::inventory::{self, Place, Rekeying, RenewedKeys};
use crate::secret::Key;

/// Change the inventory key, with the daemon stopped
///
/// The new key is generated, or read from a file, and replaces the old one. The old key is kept beside it, because
/// earlier backups need it. If this command is interrupted, the daemon still starts; run the command again to finish.
/// If several daemons share an inventory on a server, all of them have the same key: stop all of them, run this on one
/// machine, and copy the new key to the others before you start them. It refuses as long as one of them is running.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The new key [default: a random key is generated]
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    /// The key in use, if the daemon does not read it from the file in the configuration but, for example, from an
    /// encrypted credential. You then install the new key yourself
    #[arg(long, value_name = "FILE", requires = "new_key_file")]
    key_file: Option<PathBuf>,
    /// Also encrypt every secret again under new data keys. Use this when the old key and the inventory, or a copy of
    /// it, may be in the wrong hands: the inventory key only protects the data keys
    #[arg(long)]
    data_keys: bool,
}

pub(crate) fn run(options: &Options, global: &Global, terminal: &mut Terminal) -> Result {
    let stores = config::stores(global.config())?;
    let inventory = inventory_place::configured(&stores, global.config())?;
    let place = options.key_file.as_deref().unwrap_or(&stores.key);
    let old = key_file::read(place)?;
    let rekeying = match Rekeying::begin(&inventory, &old) {
        Err(error @ inventory::Error::WrongKey { .. }) => {
            let (rekeying, new) = put_in_place(&inventory, &old, place)?.ok_or(error)?;
            return finished(&inventory, &rekeying, &new, place, options, terminal);
        }
        began => began?,
    };
    if rekeying.is_finished() {
        return finished(&inventory, &rekeying, &old, place, options, terminal);
    }
    if let (Some(_), Some(new)) = (&options.key_file, &options.new_key_file) {
        renew_data_keys(&rekeying, &old, options, terminal)?;
        rekeying.add(&old, &key_file::read(new)?)?;
        terminal.print("Both keys open the inventory now.")?;
        let elsewhere = match inventory {
            Place::File(_) => "",
            Place::Server(_) => " on each machine whose daemon uses the inventory",
        };
        terminal.warn(&format!(
            "Install {} where the daemon reads its key{elsewhere}, and start the daemon: systemctl start \
             perennial\nAfter the first such start, the old key no longer opens the inventory.",
            new.display()
        ));
        return Ok(Answer::Yes);
    }
    let (new, kept) = change(&rekeying, &old, place, options)?;
    terminal.print(&format!(
        "{} is the new key, and only it opens the inventory.",
        place.display()
    ))?;
    terminal.print(&format!(
        "{} is the old key: only it opens earlier backups. Remove it when you no longer keep any of them.",
        kept.display()
    ))?;
    let answer = renew_data_keys(&rekeying, &new, options, terminal)?;
    terminal.warn(&what_to_do_next(&inventory, place));
    Ok(answer)
}

/// After an earlier change, of which `key` in its place was the last step.
fn finished(
    inventory: &Place,
    rekeying: &Rekeying,
    key: &Key,
    place: &Path,
    options: &Options,
    terminal: &mut Terminal,
) -> Result {
    terminal.print(&format!(
        "An earlier change of the key was interrupted; it is finished now. {} is the new key, and only it opens the \
         inventory.",
        place.display()
    ))?;
    let answer = renew_data_keys(rekeying, key, options, terminal)?;
    terminal.warn(&what_to_do_next(inventory, place));
    Ok(answer)
}

/// Where a disk lied and lost the new key's name after the inventory had been told, that key still waits beside the old
/// one. `None` if it is not there, or does not open the inventory either.
fn put_in_place(inventory: &Place, old: &Key, place: &Path) -> Result<Option<(Rekeying, Key)>> {
    let waiting = files::beside(place, ".new");
    if !waiting.exists() {
        return Ok(None);
    }
    let new = key_file::read(&waiting)?;
    let rekeying = match Rekeying::begin(inventory, &new) {
        Err(inventory::Error::WrongKey { .. }) => return Ok(None),
        began => began?,
    };
    key_file::swap(&waiting, place, &kept_beside(place, old))?;
    Ok(Some((rekeying, new)))
}

fn kept_beside(place: &Path, old: &Key) -> PathBuf {
    files::beside(place, &format!(".old-{}", old.id()))
}

fn what_to_do_next(inventory: &Place, key: &Path) -> String {
    let others = match inventory {
        Place::File(_) => String::new(),
        Place::Server(_) => format!(
            "Copy {} to each other machine whose daemon uses the inventory on {inventory}. With the old key, a daemon \
             does not start.\n",
            key.display()
        ),
    };
    format!(
        "{others}Keep a copy of the new key elsewhere, then start the daemon: systemctl start perennial"
    )
}

/// Renews the data keys, completely or not at all. `key` must open the inventory.
fn renew_data_keys(
    rekeying: &Rekeying,
    key: &Key,
    options: &Options,
    terminal: &mut Terminal,
) -> Result {
    if !options.data_keys {
        return Ok(Answer::Yes);
    }
    match rekeying.renew_data_keys(key)? {
        RenewedKeys::All => {
            terminal.print(
                "Every secret is encrypted under a new data key, and the old data key is removed.",
            )?;
            Ok(Answer::Yes)
        }
        RenewedKeys::SomeStay => {
            terminal.print(
                "Every readable secret is encrypted under a new data key. Some secrets cannot be read because they \
                 were altered; their old data key stays. Import those tokens again: perennial import --replace NAME",
            )?;
            Ok(Answer::No)
        }
    }
}

/// Each step is durable before the next begins, and the command may be interrupted after any of them.
fn change(
    rekeying: &Rekeying,
    old: &Key,
    place: &Path,
    options: &Options,
) -> Result<(Key, PathBuf)> {
    let waiting = files::beside(place, ".new");
    let new = new_key(options, &waiting)?;
    if new.id() == old.id() {
        let text = "That is the key in use. Name another file, or none to generate a new key";
        return Err(Error::Usage(text.to_owned()));
    }
    if !waiting.exists() {
        key_file::write_new(&waiting, &new, place)?;
    }
    rekeying.add(old, &new)?;
    let kept = kept_beside(place, old);
    key_file::swap(&waiting, place, &kept)?;
    rekeying.finish(&new)?;
    Ok((new, kept))
}

/// Returns the key of an interrupted change if there is one, before any other.
fn new_key(options: &Options, waiting: &Path) -> Result<Key> {
    let given = options
        .new_key_file
        .as_deref()
        .map(key_file::read)
        .transpose()?;
    if !waiting.exists() {
        return match given {
            Some(given) => Ok(given),
            None => Key::generate().map_err(|error| Error::Refused(error.to_string())),
        };
    }
    let begun = key_file::read(waiting)?;
    if given.is_some_and(|given| given.id() != begun.id()) {
        return Err(Error::Refused(format!(
            "An interrupted change of the key, with another new key, is not finished: {}\nFinish it first: perennial \
             rekey",
            waiting.display()
        )));
    }
    Ok(begun)
}
