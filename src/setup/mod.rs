//! First steps on a machine: finds out what is missing, tries the answers, and writes the files. It never overwrites a
//! file, and the next run completes an interrupted one.
//!
//! - `paths`: which file goes where, and who may read it · `files`: writes them · `verify`: asks Meta and the mail
//!   server

mod files;
mod paths;
mod verify;

use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::TempDir;

use crate::config::{
    self, CREDENTIALS, Config, DiagnosticList, Home, INVENTORY_KEY, Machine, Template,
};
use crate::secret::{Key, Secret};
pub use paths::Places;
pub use verify::{AppTrial, mail, meta};

/// A secret that gets its own file.
#[derive(Clone, Debug)]
pub struct NamedSecret {
    pub name: String,
    pub value: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} cannot be written: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("these answers do not make a valid configuration:\n{0}")]
    Configuration(#[from] DiagnosticList),
    #[error(
        "there is an inventory already, {inventory}, but its key is missing: {key}\n\
         Restore this file from your copy of the key, and run setup again. Without this key the tokens cannot be \
         recovered: if it is lost, move the inventory away (mv {inventory} {inventory}.lost), and run setup again"
    )]
    KeyIsMissing { inventory: String, key: String },
    #[error("the machine provides no random numbers")]
    NoRandomness,
}

impl Error {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// All files in their final form, in a private folder, until they are tried and moved to their places.
#[derive(Debug)]
pub struct Harness {
    folder: TempDir,
    names: Vec<String>,
    /// Dropped after `folder`, which lies in them.
    _made: MadeFolders,
}

/// Folders that were not there before, the innermost first. Those that are empty in the end are removed again.
#[derive(Debug)]
struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    fn make(places: &Places) -> Result<Self, Error> {
        let credentials = places.credentials();
        let missing = credentials.ancestors().take_while(|path| !path.exists());
        let made = Self(missing.map(Path::to_owned).collect());
        places.make_folders()?;
        Ok(made)
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for path in &self.0 {
            // Fails where something was written, which is then kept.
            if fs::remove_dir(path).is_err() {
                break;
            }
        }
    }
}

impl Harness {
    /// Prepares the files of `template`. Existing secrets are used instead of the given ones.
    pub fn prepare(
        places: &Places,
        template: &Template,
        given: &[NamedSecret],
    ) -> Result<Self, Error> {
        let made = MadeFolders::make(places)?;
        files::remove_folders(&places.folder, UNFINISHED)?;
        let folder = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&places.folder)
            .map_err(Error::file(&places.folder))?;
        let staged = folder.path().join(CREDENTIALS);
        files::make_folder(&staged, 0o700)?;
        let key = NamedSecret {
            name: INVENTORY_KEY.to_owned(),
            value: fresh_key(places)?,
        };
        let mut names = Vec::new();
        for NamedSecret { name, value } in [&key].into_iter().chain(given) {
            files::write_temporary(&staged, &places.credential(name), name, value)?;
            names.push(name.clone());
        }
        let trial = Home::Folder(folder.path().to_owned());
        for (name, home) in [(TRIAL, &trial), (FINAL, &places.home)] {
            let text = template.text(home);
            files::write(&folder.path().join(name), text.as_bytes(), 0o600)?;
        }
        Ok(Self {
            folder,
            names,
            _made: made,
        })
    }

    /// The configuration as the daemon will read it.
    pub fn config(&self) -> Result<Config, Error> {
        Ok(config::load(
            &self.folder.path().join(TRIAL),
            &Machine::here(),
        )?)
    }

    /// Moves all files to their places, the configuration last: once it is there, the machine is set up. Returns the
    /// new files.
    pub fn take(self, places: &Places) -> Result<Vec<PathBuf>, Error> {
        let mut written = Vec::new();
        for name in &self.names {
            let target = places.credential(name);
            let staged = self.folder.path().join(CREDENTIALS).join(name);
            if files::put(&staged, &target)? {
                written.push(target);
            }
        }
        let staged = self.folder.path().join(FINAL);
        places.give_to_daemon(&staged, 0o640)?;
        if files::put(&staged, &places.config)? {
            written.push(places.config.clone());
        }
        Ok(written)
    }
}

/// The prefix of the temporary folder of a run.
const UNFINISHED: &str = ".setup-";
const TRIAL: &str = "trial.toml";
const FINAL: &str = "perennial.toml";

/// Writes a secret that the configuration names and that is missing.
pub fn add_secret(places: &Places, secret: &NamedSecret) -> Result<(), Error> {
    places.make_folders()?;
    let target = places.credential(&secret.name);
    files::write_new(&target, &secret.value)
}

/// Creates the inventory key that the configuration names and that is missing.
pub fn add_key(places: &Places) -> Result<(), Error> {
    places.make_folders()?;
    files::write_new(&places.credential(INVENTORY_KEY), &fresh_key(places)?)
}

/// Creates a key, unless there is an inventory already: a new key cannot open it.
fn fresh_key(places: &Places) -> Result<Secret, Error> {
    let key = places.credential(INVENTORY_KEY);
    if places.has_inventory() && !key.exists() {
        return Err(Error::KeyIsMissing {
            inventory: places.inventory.display().to_string(),
            key: key.display().to_string(),
        });
    }
    let key = Key::generate().map_err(|_| Error::NoRandomness)?;
    Ok(Secret::new(key.to_base64().as_str()))
}
