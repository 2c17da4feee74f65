//! The key opens the inventory. A running daemon has shown that for its own key; this is about the one on the disk.

use std::io::ErrorKind;
use std::path::Path;

use crate::doctor::{Check, Finding, Known};
use crate::inventory::{self, Error};

const CHECK: Check = Check::Key;

pub(in crate::doctor) async fn check(known: &Known) -> Vec<Finding> {
    vec![found(known)]
}

fn found(known: &Known) -> Finding {
    if known.is_on_server() {
        let why = "the inventory is on a server; the daemon does not start with a key that does not open it";
        return Finding::not_checked(CHECK, why);
    }
    let settings = known.config.as_ref().map(|config| &config.inventory);
    let Some((settings, path)) = settings.and_then(|it| Some((it, it.place.file()?))) else {
        let why = "only root and the daemon's user can read the key, and only if the configuration is valid";
        return Finding::only_root(CHECK, why);
    };
    match inventory::try_key(path, &settings.key) {
        Ok(()) => Finding::good(CHECK, format!("it opens {}", path.display())),
        Err(error) => of_error(&error, path),
    }
}

fn of_error(error: &Error, path: &Path) -> Finding {
    let kind = match error {
        Error::Open { source, .. } => Some(source.kind()),
        _ => None,
    };
    match kind {
        Some(ErrorKind::NotFound) => {
            let why = format!(
                "there is no {} yet; the first start creates it",
                path.display()
            );
            Finding::not_checked(CHECK, why)
        }
        Some(ErrorKind::PermissionDenied) => Finding::only_root(
            CHECK,
            "only root and the daemon's user can read the inventory",
        ),
        _ => Finding::problem(CHECK, error.to_string(), to_do(error)),
    }
}

const fn to_do(error: &Error) -> &'static str {
    match error {
        Error::WrongKey { .. } => {
            "Put the right key into the credential inventory.key. Without this key the tokens cannot be recovered"
        }
        _ => "Restore the newest copy: docs/src/backup.md",
    }
}
