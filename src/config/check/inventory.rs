//! Reads `[inventory]`: where the inventory is, its key, and its backups.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;

use crate::config::credentials::{CredentialError, Machine};
use crate::config::readers::{number, text};
use crate::config::server_files::{ServerFiles, named_authority};
use crate::config::tree::{Entry, Section};
use crate::config::{Backups, CREDENTIALS, StoragePaths, defaults, durations, names, paths};
use crate::inventory::{Address, Place, Retention, Settings};
use crate::secret::Key;

/// What `[inventory]` says.
pub(super) struct Stored {
    pub(super) settings: Option<Settings>,
    pub(super) backups: Backups,
    pub(super) retention: Retention,
    pub(super) serve_from_memory: SignedDuration,
}

pub(super) fn inventory(mut section: Section<'_>, machine: &Machine) -> Stored {
    let path = path(&mut section);
    let node = node(&mut section, machine);
    let server = server(&mut section, machine, &node);
    let place = if is_on_server(&section) {
        server
    } else {
        Some(Place::from(path.as_path()))
    };
    let backups = backups(&mut section, &path);
    let retention = retention(&mut section);
    let serve_from_memory = serve_from_memory(&mut section);
    let is_named = section.has("key");
    let named = section.optional("key", |entry| machine.key(entry));
    let key = if is_named {
        named
    } else {
        usual_key(&section, machine)
    };
    let settings = place
        .zip(key)
        .map(|(place, key)| Settings { place, key, node });
    Stored {
        settings,
        backups,
        retention,
        serve_from_memory,
    }
}

/// Reads the paths of the files, for commands that run without the daemon and cannot read its credentials.
pub(in crate::config) fn stores(mut section: Section<'_>, config: &Path) -> StoragePaths {
    let path = path(&mut section);
    let folder = config.parent().unwrap_or(Path::new("/")).join(CREDENTIALS);
    let key = section.optional("key", |entry| key_file(entry, &folder));
    retention(&mut section);
    let server = ServerFiles {
        url: section.optional("url", |entry| key_file(entry, &folder)),
        ca: section.optional("ca", text(paths::absolute)),
    };
    for key in ["node", "serve_from_memory"] {
        section.optional(key, |_| Some(()));
    }
    StoragePaths {
        backups: backups(&mut section, &path),
        key: key.unwrap_or_else(|| folder.join(defaults::INVENTORY_KEY)),
        inventory: (!is_on_server(&section)).then_some(path),
        server,
    }
}

fn path(section: &mut Section<'_>) -> PathBuf {
    section.or("path", defaults::INVENTORY, text(paths::absolute))
}

fn is_on_server(section: &Section<'_>) -> bool {
    section.has("url")
}

/// Reads the address of a server, and refuses what only a file has.
fn server(section: &mut Section<'_>, machine: &Machine, node: &str) -> Option<Place> {
    let url = section.optional("url", |entry| machine.secret(entry));
    let authority = section.optional("ca", text(named_authority));
    if !is_on_server(section) {
        for key in ["ca", "node", "serve_from_memory"]
            .into_iter()
            .filter(|key| section.has(key))
        {
            section.reject(
                key,
                "is of an inventory on a server; name that one with url, or leave this away",
            );
        }
        return None;
    }
    if section.has("path") {
        let message = "is the inventory as a file, and url is one on a server; keep one of them";
        section.reject("path", message);
    }
    for key in ["backups", "keep_backups"]
        .into_iter()
        .filter(|key| section.has(key))
    {
        let message = "does nothing with url: copies of a server's inventory are made with pg_dump";
        section.warn(key, message);
    }
    let address = Address::parse(url?, authority, node);
    let address = address.map_err(|error| section.reject("url", error.to_string()));
    Some(Place::Server(Box::new(address.ok()?)))
}

/// For how long secrets are served while the server is away. A file is always there.
fn serve_from_memory(section: &mut Section<'_>) -> SignedDuration {
    let read = |written: &str| match durations::parse(written)? {
        long if long > LONGEST_IN_MEMORY => Err(
            "must be at most 24h: a secret that was replaced meanwhile is served, too".to_owned(),
        ),
        window => Ok(window),
    };
    let window = section.or("serve_from_memory", defaults::SERVE_FROM_MEMORY, text(read));
    if is_on_server(section) {
        window
    } else {
        SignedDuration::ZERO
    }
}

const LONGEST_IN_MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// The name of this daemon among those that share a server.
fn node(section: &mut Section<'_>, machine: &Machine) -> String {
    section.or("node", machine.name.clone(), text(names::node))
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

/// The file of a secret. That of a credential is where systemd reads it.
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
