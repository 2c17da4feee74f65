//! First steps on a machine: what is there, what is missing, whether the answers work, and the files. It never
//! overwrites one, and what a run that was cut off has left is completed by the next.
//!
//! - `places`: what belongs where, and to whom · `files`: writing it · `trial`: asking Meta and the mail server

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

/// A secret that belongs into a file of its own.
#[derive(Clone, Debug)]
pub struct NamedSecret {
    pub name: String,
    pub value: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} cannot be written: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("the answers do not make a configuration:\n{0}")]
    Configuration(#[from] DiagnosticList),
    #[error(
        "there is an inventory already, {inventory}, and the key that it is sealed with is missing: {key}\n\
         Put that key back into this file, from where you keep its copy, and run setup again. If the key is \
         lost, so are the tokens in there: move the inventory away (mv {inventory} {inventory}.lost), and run setup \
         again"
    )]
    KeyIsMissing { inventory: String, key: String },
    #[error("the machine gives no random numbers")]
    NoRandomness,
}

impl Error {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// Everything in its final form, in a folder that nobody else reads, until it is tried and taken.
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
    /// Prepares the files of `draft`. What is there already is taken as it is, instead of the secrets given.
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
        let mut names = Vec::new();
        let key = files::Content::Key(&fresh_key(places)?);
        files::write_temporary(
            &staged,
            &places.credential(INVENTORY_KEY),
            INVENTORY_KEY,
            key,
        )?;
        names.push(INVENTORY_KEY.to_owned());
        for NamedSecret { name, value } in given {
            files::write_temporary(
                &staged,
                &places.credential(name),
                name,
                files::Content::Secret(value),
            )?;
            names.push(name.clone());
        }
        let verify = Home::Folder(folder.path().to_owned());
        files::write(
            &folder.path().join(TRIAL),
            template.text(&verify).as_bytes(),
            0o600,
        )?;
        files::write(
            &folder.path().join(FINAL),
            template.text(&places.home).as_bytes(),
            0o600,
        )?;
        Ok(Self {
            folder,
            names,
            _made: made,
        })
    }

    /// The configuration as the daemon will understand it.
    pub fn config(&self) -> Result<Config, Error> {
        Ok(config::load(
            &self.folder.path().join(TRIAL),
            &Machine::here(),
        )?)
    }

    /// Puts everything into its place, the configuration last: with it, the machine is set up. Returns what was not
    /// there before.
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

/// How the folder of a run begins that is not finished, or was cut off.
const UNFINISHED: &str = ".setup-";
const TRIAL: &str = "trial.toml";
const FINAL: &str = "perennial.toml";

/// Writes one secret that a configuration names and nobody has put there yet.
pub fn add_secret(places: &Places, secret: &NamedSecret) -> Result<(), Error> {
    places.make_folders()?;
    let target = places.credential(&secret.name);
    files::write_new(&target, files::Content::Secret(&secret.value))
}

/// Makes the key that a configuration names and that is not there yet.
pub fn add_key(places: &Places) -> Result<(), Error> {
    places.make_folders()?;
    let key = fresh_key(places)?;
    files::write_new(&places.credential(INVENTORY_KEY), files::Content::Key(&key))
}

/// A new key opens no inventory that is there already.
fn fresh_key(places: &Places) -> Result<Key, Error> {
    let key = places.credential(INVENTORY_KEY);
    if places.has_inventory() && !key.exists() {
        return Err(Error::KeyIsMissing {
            inventory: places.inventory.display().to_string(),
            key: key.display().to_string(),
        });
    }
    Key::generate().map_err(|_| Error::NoRandomness)
}
