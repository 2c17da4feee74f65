//! Finds the configuration and the socket that a command uses.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Error, Result};
use crate::api_client::Client;
use crate::config;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which daemon")]
pub struct Global {
    /// The configuration file [default: /etc/perennial/perennial.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The daemon's socket [default: $PERENNIAL_SOCKET, or the one in the configuration]
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
}

impl Global {
    pub fn config(&self) -> &Path {
        self.config
            .as_deref()
            .unwrap_or(Path::new(config::USUAL_FILE))
    }

    /// Does not connect yet.
    pub(super) fn client(&self) -> Result<Client> {
        let of_environment = std::env::var_os("PERENNIAL_SOCKET").filter(|path| !path.is_empty());
        Ok(Client::at(self.path_of_socket(of_environment)?)?)
    }

    /// Most users cannot read the default configuration and do not need to. A configuration that is named must contain
    /// the socket's path, so that an order cannot go to another daemon by mistake.
    fn path_of_socket(&self, of_environment: Option<OsString>) -> Result<PathBuf> {
        let named = self.socket.clone().or(of_environment.map(PathBuf::from));
        if let Some(socket) = named {
            return Ok(socket);
        }
        match (config::socket(self.config()), &self.config) {
            (Ok(socket), _) => Ok(socket),
            (Err(_), None) => Ok(PathBuf::from(config::USUAL_SOCKET)),
            (Err(problem), Some(_)) => Err(Error::Usage(format!(
                "{problem}\nThe socket's path cannot be read from this configuration. Name it: --socket PATH"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn global(config: Option<&Path>, socket: Option<&str>) -> Global {
        Global {
            config: config.map(Path::to_owned),
            socket: socket.map(PathBuf::from),
        }
    }

    #[test]
    fn the_socket_is_chosen_by_the_nearest_setting() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("perennial.toml");
        fs::write(&file, "[status]\nsocket = \"/run/other.sock\"\n[unfinished").unwrap();
        let path = |config, socket| global(config, socket).path_of_socket(None);

        assert_eq!(path(Some(&file), Some("/s")).unwrap(), Path::new("/s"));
        let of_environment = || Some(OsString::from("/e"));
        let both = global(None, Some("/s")).path_of_socket(of_environment());
        assert_eq!(both.unwrap(), Path::new("/s"));
        let only = global(Some(&file), None).path_of_socket(of_environment());
        assert_eq!(only.unwrap(), Path::new("/e"));
        let broken = path(Some(&file), None).unwrap_err();
        assert_eq!(broken.exit_code(), 2);
        assert!(broken.to_string().contains("perennial.toml:3:"), "{broken}");
        assert!(broken.to_string().ends_with("--socket PATH"));

        fs::write(
            &file,
            "[[app]]\nname = 7\n[status]\nsocket = \"/run/other.sock\"\n",
        )
        .unwrap();
        assert_eq!(
            path(Some(&file), None).unwrap(),
            Path::new("/run/other.sock")
        );
        fs::write(&file, "").unwrap();
        assert_eq!(
            path(Some(&file), None).unwrap(),
            Path::new(config::USUAL_SOCKET)
        );
        fs::remove_file(&file).unwrap();
        assert!(
            path(Some(&file), None)
                .unwrap_err()
                .to_string()
                .contains("no such file")
        );
    }
}
