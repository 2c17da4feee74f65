//! After the server's own tools have restored its inventory.

use super::{Options, is_confirmed, moment};
use crate::cli::terminal::text::{all_of, counted};
use crate::cli::{Answer, Error, Global, Result, Terminal, inventory_place, key_file};
use crate::config::StoragePaths;
use crate::daemon::clock;
use crate::inventory::{Place, ServerRestore};

pub(super) fn run(
    options: &Options,
    stores: &StoragePaths,
    global: &Global,
    terminal: &mut Terminal,
) -> Result {
    let place = inventory_place::configured(stores, global.config())?;
    if let Place::File(_) = place {
        let text = "name the copy: perennial restore FILE";
        return Err(Error::Usage(text.to_owned()));
    }
    let key = key_file::read(options.key_file.as_deref().unwrap_or(&stores.key))?;
    let restore = ServerRestore::prepare(&place, &key)?;
    terminal.print(&described(&place, &restore, terminal))?;
    let question = "Was it restored from a copy, so that every token must be checked anew?";
    if !options.yes && !is_confirmed(question, "", terminal)? {
        terminal.warn("Nothing was changed.");
        return Ok(Answer::No);
    }
    restore.carry_out(clock::now())?;
    terminal.print("Every token will be checked anew, and is not delivered before that.")?;
    terminal.warn(
        "You may have to import again the secrets that were renewed after the copy was taken. Start the daemon: systemctl \
         start perennial",
    );
    Ok(Answer::Yes)
}

fn described(place: &Place, restore: &ServerRestore, terminal: &Terminal) -> String {
    let mut text = format!(
        "The inventory on {place} is sound: {}, the newest event of {}. The inventory key opens {}.",
        counted(restore.tokens, "token"),
        moment(restore.newest_event_at, terminal),
        counted(restore.opened, "encrypted value")
    );
    if restore.unsealable > 0 {
        text.push_str(&format!(
            "\n{} cannot be opened. Import those tokens again: perennial import --replace NAME",
            counted(restore.unsealable, "encrypted value")
        ));
    }
    let misnumbered: Vec<String> = restore
        .misnumbered()
        .into_iter()
        .map(str::to_owned)
        .collect();
    if !misnumbered.is_empty() {
        text.push_str(&format!(
            "\nThe next rows of {} would get numbers that are taken, as after pg_restore --data-only. That will be \
             corrected.",
            all_of(&misnumbered)
        ));
    }
    text
}
