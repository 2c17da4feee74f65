//! What this process can read of the configuration, and of the secrets that it names. A user who may not read something
//! gets the rest.

use std::path::{Path, PathBuf};

use crate::config::{
    self, CREDENTIALS, Config, Credentials, Diagnostic, DiagnosticList, Machine, MonitorSettings,
    StoragePaths,
};

#[derive(Debug)]
pub struct Known {
    pub(super) path: PathBuf,
    /// The warnings, or the errors.
    pub(super) checked: Result<Vec<Diagnostic>, DiagnosticList>,
    /// The whole configuration, if all its secrets can be read here.
    pub(super) config: Option<Config>,
    pub(super) stores: Option<StoragePaths>,
    pub(super) mail: Option<MonitorSettings>,
    pub(super) public_url: Option<String>,
}

impl Known {
    pub fn of(path: &Path) -> Self {
        let machine = machine(path);
        let checked = config::check(path, &machine);
        let is_valid = checked.is_ok();
        let config = is_valid
            .then(|| config::load(path, &machine).ok())
            .flatten();
        Self {
            path: path.to_owned(),
            checked,
            config,
            stores: config::stores(path).ok(),
            mail: config::monitor_settings(path, &machine).ok(),
            public_url: config::public_url(path).ok().flatten(),
        }
    }

    /// `None` if it is on a server, or if its path cannot be read.
    pub fn inventory(&self) -> Option<&Path> {
        self.stores.as_ref()?.inventory.as_deref()
    }

    pub(super) fn is_on_server(&self) -> bool {
        let stores = self.stores.as_ref();
        stores.is_some_and(|stores| stores.inventory.is_none())
    }

    /// Where systemd reads the credentials.
    pub(super) fn credentials(&self) -> PathBuf {
        folder(&self.path)
    }
}

fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).join(CREDENTIALS)
}

/// While the daemon does not run, root can still read the files that systemd would hand over. Encrypted credentials are
/// elsewhere.
fn machine(path: &Path) -> Machine {
    let machine = Machine::of_the_service();
    let folder = folder(path);
    let has_all = || {
        let named = config::credentials_named(path).unwrap_or_default();
        named.iter().all(|name| folder.join(name).is_file())
    };
    if machine.credentials == Credentials::OutOfSight && folder.read_dir().is_ok() && has_all() {
        return Machine {
            credentials: Credentials::Directory(folder),
            ..machine
        };
    }
    machine
}
