//! Reads secrets from systemd's credentials or from files that only their owner can read. Never from the configuration
//! itself.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use nix::fcntl::OFlag;
use nix::unistd::gethostname;
use zeroize::Zeroizing;

use super::diagnostic::Diagnostic;
use super::names::is_name_letter;
use super::paths;
use super::readers::{filled_list, text};
use super::tree::Entry;
use crate::secret::{Key, KeyError, Secret};

/// What the configuration needs from the machine on which it is read.
#[derive(Clone, Debug)]
pub struct Machine {
    pub credentials: Credentials,
    pub timezone: TimeZone,
    /// The name of the machine itself.
    pub name: String,
}

/// The directory where systemd puts the credentials of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    Directory(PathBuf),
    /// systemd gave this process no credentials.
    None,
    /// The service may have credentials, but this process cannot read them.
    OutOfSight,
}

/// The credentials of the running service, readable by root.
const OF_THE_SERVICE: &str = "/run/credentials/perennial.service";

impl Machine {
    /// This machine with the credentials of this process; UTC if no time zone is set up.
    pub fn here() -> Self {
        Self {
            credentials: given().map_or(Credentials::None, Credentials::Directory),
            timezone: TimeZone::try_system().unwrap_or(TimeZone::UTC),
            name: host_name(),
        }
    }

    /// This machine with the credentials of the service, for a command run in a shell. They may be unreadable; only
    /// [`super::check`] accepts that.
    pub fn of_the_service() -> Self {
        let running = PathBuf::from(OF_THE_SERVICE);
        let seen = given().or_else(|| running.read_dir().is_ok().then_some(running));
        Self {
            credentials: seen.map_or(Credentials::OutOfSight, Credentials::Directory),
            ..Self::here()
        }
    }
}

fn host_name() -> String {
    let name = gethostname().ok().and_then(|name| name.into_string().ok());
    name.unwrap_or_default()
}

fn given() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// Passwords and keys are short; a longer file means a wrong path.
const LONGEST: u64 = 64 * 1024;

const NOT_HERE: &str = "a secret does not belong in the configuration itself; put it into a file and write \
                        { credential = \"name\" } or { file = \"/path\" }";

impl Machine {
    pub(super) fn secret(&self, entry: Entry<'_>) -> Option<Secret> {
        self.read(entry, line)
    }

    /// Reads one secret or several, which are tried in order.
    pub(super) fn secrets(&self, entry: Entry<'_>) -> Option<Vec<Secret>> {
        if entry.value().is_array() {
            filled_list(|item| self.secret(item))(entry)
        } else {
            self.secret(entry).map(|secret| vec![secret])
        }
    }

    pub(super) fn key(&self, entry: Entry<'_>) -> Option<Key> {
        self.read(entry, |bytes| Ok(Key::read(bytes)?))
    }

    pub(super) fn key_from_credential(&self, name: &str) -> Result<Key, CredentialError> {
        Ok(Key::read(&self.credential(name)?)?)
    }

    fn read<T>(
        &self,
        entry: Entry<'_>,
        parse: impl Fn(&[u8]) -> Result<T, CredentialError>,
    ) -> Option<T> {
        if !entry.value().is_table() {
            return entry.reject(NOT_HERE);
        }
        let mut source = entry.into_section()?;
        if source.has("credential") == source.has("file") {
            source.reject("", "name exactly one of credential and file");
        }
        let credential = text(|name| match self.credential(name) {
            Err(CredentialError::OutOfSight) => Ok(None),
            bytes => parse(&bytes?).map(Some),
        });
        let from_credential = source.optional("credential", credential);
        if matches!(from_credential, Some(None)) {
            source.warn("credential", CredentialError::OutOfSight.to_string());
        }
        let from_file = source.optional("file", text(|path| parse(&file(path)?)));
        from_credential.flatten().or(from_file)
    }

    fn credential(&self, name: &str) -> Result<Bytes, CredentialError> {
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_name_letter) {
            return Err(NO_NAME.into());
        }
        let directory = match &self.credentials {
            Credentials::Directory(directory) => directory,
            Credentials::None => return Err(NO_CREDENTIALS.into()),
            Credentials::OutOfSight => return Err(CredentialError::OutOfSight),
        };
        // File modes are not checked here: systemd gives each service its own copies, which no other service can read.
        for name in [name, &format!("{FOLDER}_{name}")] {
            match open(&directory.join(name)) {
                Err(CredentialError::Missing) => {}
                found => return bytes(found?),
            }
        }
        Err(NOT_GIVEN.into())
    }
}

/// The name by which the unit loads all of /etc/perennial/credentials; systemd puts it before the name of each file.
const FOLDER: &str = "perennial";

type Bytes = Zeroizing<Vec<u8>>;

/// Why a secret cannot be read. The name or path is not repeated unless something was found there, because it may be
/// the secret itself, written in the wrong place.
#[derive(Debug, thiserror::Error)]
pub(super) enum CredentialError {
    /// The credential may be valid, but this process cannot read it.
    #[error(
        "cannot be checked from here: systemd shows it only to the service. To check it too, run this as root \
         while the service runs"
    )]
    OutOfSight,
    #[error("there is no such file")]
    Missing,
    #[error("{0}")]
    Unusable(Cow<'static, str>),
}

impl Diagnostic {
    /// Whether it says only that this process cannot read a credential.
    pub fn is_out_of_sight(&self) -> bool {
        self.message == CredentialError::OutOfSight.to_string()
    }
}

const NO_NAME: &str = "is not a credential name; use letters, digits, and . _ - between them";
const NO_CREDENTIALS: &str = "this process has no credentials; start it by systemd with LoadCredential=name:/path, \
                              or write { file = \"/path\" }";
const NOT_GIVEN: &str = "systemd provides no credential of this name; put the secret into a file of this name in \
                         /etc/perennial/credentials, and restart perennial";
const EMPTY: &str = "is empty; write the secret into it";

impl From<&'static str> for CredentialError {
    fn from(message: &'static str) -> Self {
        Self::Unusable(message.into())
    }
}

impl From<KeyError> for CredentialError {
    fn from(error: KeyError) -> Self {
        Self::Unusable(error.to_string().into())
    }
}

impl From<io::Error> for CredentialError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            _ => Self::Unusable(format!("cannot be read: {error}").into()),
        }
    }
}

/// Reads one line from a file that only its owner can read, for a command.
pub(super) fn secret_of_file(path: &Path) -> Result<Secret, CredentialError> {
    line(&file(&path.to_string_lossy())?)
}

fn file(path: &str) -> Result<Bytes, CredentialError> {
    let path = paths::absolute(path)?;
    let file = open(&path)?;
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.display();
        let message = format!(
            "users other than its owner may access it (mode {mode:03o}); run: chmod 600 {path}"
        );
        return Err(CredentialError::Unusable(message.into()));
    }
    bytes(file)
}

/// Opens without waiting, because a pipe without a writer would block the start.
fn open(path: &Path) -> Result<File, CredentialError> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err("is not a regular file".into());
    }
    Ok(file)
}

fn bytes(file: File) -> Result<Bytes, CredentialError> {
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        0 => Err(EMPTY.into()),
        length if length > LONGEST => Err("is longer than 64 KiB; this cannot be a secret".into()),
        _ => Ok(bytes),
    }
}

/// Reads a secret as people paste it and editors save it.
fn line(bytes: &[u8]) -> Result<Secret, CredentialError> {
    let text = str::from_utf8(bytes).map_err(|_| "is not UTF-8 text")?;
    match text.trim() {
        "" => Err(EMPTY.into()),
        text if text.contains(char::is_control) => Err("must be one line of text".into()),
        text => Ok(Secret::new(text)),
    }
}
