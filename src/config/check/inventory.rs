//! Reads `[inventory]`: the path of the inventory, its key, and its backups.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;

use crate::config::credentials::{CredentialError, Machine};
use crate::config::readers::{number, text};
use crate::config::tree::{Entry, Section};
use crate::config::{Backups, CREDENTIALS, StoragePaths, defaults, durations, paths};
use crate::inventory::{Retention, Settings};
use crate::secret::Key;

pub(super) fn inventory(
    mut section: Section<'_>,
    machine: &Machine,
) -> (Option<Settings>, Backups, Retention) {
    let path = path(&mut section);
    let backups = backups(&mut section, &path);
    let retention = retention(&mut section);
    let is_named = section.has("key");
    let named = section.optional("key", |entry| machine.key(entry));
    let key = if is_named {
        named
    } else {
        usual_key(&section, machine)
    };
    (key.map(|key| Settings { path, key }), backups, retention)
}

/// Reads the paths of the files, for commands that run without the daemon and cannot read its credentials.
pub(in crate::config) fn stores(mut section: Section<'_>, config: &Path) -> StoragePaths {
    let path = path(&mut section);
    let folder = config.parent().unwrap_or(Path::new("/")).join(CREDENTIALS);
    let key = section.optional("key", |entry| key_file(entry, &folder));
    retention(&mut section);
    StoragePaths {
        backups: backups(&mut section, &path),
        key: key.unwrap_or_else(|| folder.join(defaults::INVENTORY_KEY)),
        inventory: path,
    }
}

fn path(section: &mut Section<'_>) -> PathBuf {
    section.or("path", defaults::INVENTORY, text(paths::absolute))
}

fn backups(section: &mut Section<'_>, inventory: &Path) -> Backups {
    let beside = inventory.with_file_name(defaults::BACKUPS);
    Backups {
        folder: section.or("backups", beside, text(paths::absolute)),
        keep: section.or("keep_backups", defaults::KEEP_BACKUPS, number(1..=1000)),
    }
}

fn retention(section: &mut Section<'_>) -> Retention {
    Retention::for_age(section.or("keep_events", defaults::KEEP_EVENTS, text(kept_for)))
}

/// Reminders, repeated incidents and monthly summaries need events of this long ago.
const SHORTEST: SignedDuration = SignedDuration::from_hours(60 * 24);

fn kept_for(written: &str) -> Result<SignedDuration, String> {
    let age = durations::parse(written)?;
    if age < SHORTEST {
        return Err("must be at least 60d".to_owned());
    }
    Ok(age)
}

fn key_file(entry: Entry<'_>, credentials: &Path) -> Option<PathBuf> {
    let mut source = entry.into_section()?;
    let in_folder = |name: &str| Ok::<_, String>(credentials.join(name));
    let credential = source.optional("credential", text(in_folder));
    credential.or(source.optional("file", text(paths::absolute)))
}

fn usual_key(section: &Section<'_>, machine: &Machine) -> Option<Key> {
    match machine.key_from_credential(defaults::INVENTORY_KEY) {
        Ok(key) => return Some(key),
        Err(error @ CredentialError::OutOfSight) => section.warn("key", error.to_string()),
        Err(error) => section.reject("key", error.to_string()),
    }
    None
}
