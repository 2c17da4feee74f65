//! Where an inventory is, as a person names it on the command line. A password is refused there, because other users
//! can see it.

use std::path::{Path, PathBuf};

use super::{Error, Result};
use crate::config::{self, ServerFiles, StoragePaths};
use crate::inventory::{Address, Place};
use crate::secret::Secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlaceArgument {
    File(PathBuf),
    /// The URL of a server, as it was given.
    Url(Secret),
    UrlFile(PathBuf),
    Credential(String),
    Unknown,
}

/// What commands find in the configuration.
pub(super) struct Known<'k> {
    pub(super) config: &'k Path,
    pub(super) server: &'k ServerFiles,
    /// The certificates of the authority, instead of those of the configuration.
    pub(super) ca: Option<&'k Path>,
}

/// How the server's administrator sees a command.
const NODE: &str = "command";

impl PlaceArgument {
    /// Never fails, because an error of the parser would repeat the argument, and it may hold a password.
    pub(super) fn read(text: &str) -> std::result::Result<Self, std::convert::Infallible> {
        Ok(match text.split_once(':') {
            Some(("postgres" | "postgresql", _)) => Self::Url(Secret::new(text)),
            Some(("sqlite", path)) => Self::file(path),
            Some(("file", path)) => Self::UrlFile(path.into()),
            Some(("credential", name)) => Self::Credential(name.to_owned()),
            Some((before, _)) if !before.contains('/') => Self::Unknown,
            Some(_) | None if text.is_empty() => Self::Unknown,
            Some(_) | None => Self::File(text.into()),
        })
    }

    /// `/path`, `path` or `///path`. After two slashes alone there would be a host.
    fn file(path: &str) -> Self {
        match path.strip_prefix("//") {
            _ if path.is_empty() => Self::Unknown,
            Some(path) if path.starts_with('/') => Self::File(path.into()),
            Some(_) => Self::Unknown,
            None => Self::File(path.into()),
        }
    }

    pub(super) fn place(&self, option: &str, known: &Known<'_>) -> Result<Place> {
        let usage = |text: String| Error::Usage(format!("{option}: {text}"));
        let server = |url| server(url, known).map_err(usage);
        match self {
            Self::File(path) => Ok(Place::from(path.as_path())),
            Self::Url(url) => given(url.clone(), known).map_err(usage),
            Self::UrlFile(path) => server(config::server_url(path).map_err(usage)?),
            Self::Credential(name) => {
                let file = config::credential_file(known.config, name);
                let file =
                    file.ok_or_else(|| usage("that is no name of a credential".to_owned()))?;
                server(config::server_url(&file).map_err(usage)?)
            }
            Self::Unknown => Err(usage(UNKNOWN.to_owned())),
        }
    }
}

const UNKNOWN: &str = "that names no place of an inventory. Write sqlite:/path for a file; for a server write \
                       credential:NAME or file:/path, where the URL is, or postgresql://host/database";

const PASSWORD: &str = "a password does not belong on the command line, where other users can see it and the shell keeps \
                        it. Change it, because it may be known now. Then write the URL into a file that only you can read \
                        (chmod 600), and name that file here: file:/path. If [inventory] url names the same database, \
                        the URL without the password is enough";

/// The place that `[inventory]` names.
pub(super) fn configured(stores: &StoragePaths, config: &Path) -> Result<Place> {
    if let Some(path) = &stores.inventory {
        return Ok(Place::from(path.as_path()));
    }
    let url = stores.server.url.as_ref().ok_or_else(|| {
        let text =
            "[inventory] url names neither a credential nor a file. See: perennial check-config";
        Error::Refused(text.to_owned())
    })?;
    let known = Known {
        config,
        server: &stores.server,
        ca: None,
    };
    let url = config::server_url(url).map_err(Error::Refused)?;
    server(url, &known).map_err(Error::Refused)
}

/// A URL of the command line gets its password from the configuration if that names the same database.
fn given(url: Secret, known: &Known<'_>) -> std::result::Result<Place, String> {
    let given = address(url, known)?;
    if given.has_password() {
        return Err(PASSWORD.to_owned());
    }
    let configured = known.server.url.as_deref().map(config::server_url);
    let configured = configured.and_then(|url| address(url.ok()?, known).ok());
    let address = match configured {
        Some(configured) if given.fits(&configured) => configured,
        Some(_) | None => given,
    };
    Ok(Place::Server(Box::new(address)))
}

fn server(url: Secret, known: &Known<'_>) -> std::result::Result<Place, String> {
    Ok(Place::Server(Box::new(address(url, known)?)))
}

fn address(url: Secret, known: &Known<'_>) -> std::result::Result<Address, String> {
    let ca = known.ca.or(known.server.ca.as_deref());
    let authority = ca.map(|ca| {
        config::authority(ca)
            .map_err(|error| format!("the certificates in {} {error}", ca.display()))
    });
    let parsed = Address::parse(url, authority.transpose()?, NODE);
    parsed.map_err(|error| format!("the URL {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_people_expect() {
        let file = |path: &str| PlaceArgument::File(path.into());
        for (text, expected) in [
            ("sqlite:/var/lib/i.db", file("/var/lib/i.db")),
            ("sqlite:///var/lib/i.db", file("/var/lib/i.db")),
            ("sqlite:i.db", file("i.db")),
            ("/var/lib/i.db", file("/var/lib/i.db")),
            ("i.db", file("i.db")),
            ("./a:b.db", file("./a:b.db")),
            ("sqlite://i.db", PlaceArgument::Unknown),
            ("sqlite:", PlaceArgument::Unknown),
            ("", PlaceArgument::Unknown),
            ("mysql://db/x", PlaceArgument::Unknown),
            ("file:/etc/url", PlaceArgument::UrlFile("/etc/url".into())),
            (
                "credential:inventory.url",
                PlaceArgument::Credential("inventory.url".to_owned()),
            ),
            (
                "postgresql://db/x",
                PlaceArgument::Url(Secret::new("postgresql://db/x")),
            ),
        ] {
            assert_eq!(PlaceArgument::read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_password_on_the_command_line_is_refused_and_not_repeated() {
        let server = ServerFiles::default();
        let known = Known {
            config: Path::new("/etc/perennial/perennial.toml"),
            server: &server,
            ca: None,
        };
        for url in [
            "postgresql://u:canary@db.example/x",
            "postgresql://u@db.example/x?password=canary",
        ] {
            let Ok(argument) = PlaceArgument::read(url);
            let error = argument.place("--to", &known).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let said = format!("{error} {argument:?}");
            assert!(!said.contains("canary"), "{said}");
            assert!(said.contains("file:/path"), "{said}");
        }
    }

    #[test]
    fn a_url_without_a_password_gets_that_of_the_configuration() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inventory.url");
        std::fs::write(&file, "postgresql://u:canary@db.example/x\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let server = ServerFiles {
            url: Some(file),
            ca: None,
        };
        let known = Known {
            config: Path::new("/etc/perennial/perennial.toml"),
            server: &server,
            ca: None,
        };
        for (url, expected) in [
            ("postgresql://db.example/x", true),
            ("postgresql://u@db.example/x", true),
            ("postgresql://other@db.example/x", false),
            ("postgresql://u@db.example/y", false),
        ] {
            let Ok(argument) = PlaceArgument::read(url);
            let Place::Server(address) = argument.place("--to", &known).unwrap() else {
                panic!("{url}");
            };
            assert_eq!(address.has_password(), expected, "{url}");
        }
    }
}
