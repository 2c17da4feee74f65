//! Tries the mail path without sending an email: connects and logs in, or looks at the folder or the program.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::smtp::Session;
use super::transcript::Transcript;
use super::transport::{NOWHERE, SENDMAIL};
use super::{SmtpServer, Transport};

/// What was found. The text says what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathCheck {
    Works(String),
    /// It works as far as this process may try it.
    Unsure(String),
    Fails(String),
}

impl Transport {
    /// Tries the path. No email is sent. A server's password that is not known here is not tried.
    pub async fn check(&self) -> PathCheck {
        match self {
            Self::Smtp(server) => server.check().await,
            Self::Sendmail => program(Path::new(SENDMAIL)),
            Self::Directory(folder) => directory(folder),
            Self::Nowhere => PathCheck::Fails(NOWHERE.to_owned()),
        }
    }
}

impl SmtpServer {
    async fn check(&self) -> PathCheck {
        let place = format!("{}:{}", self.host, self.port);
        match Session::open(self, &mut Transcript::default()).await {
            Ok(session) => session.close().await,
            Err(error) => return PathCheck::Fails(format!("{place}: {}", error.reason())),
        }
        match (&self.user, &self.password) {
            (Some(_), Some(_)) => {
                PathCheck::Works(format!("{place} answers and accepts user and password"))
            }
            (Some(_), None) => PathCheck::Unsure(format!(
                "{place} answers; user and password were not tried, because only root can read the password"
            )),
            (None, _) => PathCheck::Works(format!("{place} answers")),
        }
    }
}

fn program(path: &Path) -> PathCheck {
    let shown = path.display();
    match path.metadata() {
        Ok(file) if file.is_file() && file.permissions().mode() & 0o111 != 0 => {
            PathCheck::Works(format!("{shown} exists"))
        }
        Ok(_) => PathCheck::Fails(format!("{shown} is not a program")),
        Err(error) => PathCheck::Fails(format!("{shown}: {error}")),
    }
}

fn directory(folder: &Path) -> PathCheck {
    let shown = folder.display();
    match try_to_write(folder) {
        Ok(()) => PathCheck::Works(format!("emails are written into {shown}")),
        Err(error) if error.kind() == ErrorKind::NotFound => PathCheck::Unsure(format!(
            "{shown} does not exist yet; the first email creates it"
        )),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            PathCheck::Unsure(format!("this user may not write into {shown}"))
        }
        Err(error) => PathCheck::Fails(format!("{shown}: {error}")),
    }
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".perennial-trial-{}", std::process::id()));
    fs::File::create_new(&trial)?;
    fs::remove_file(trial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_takes_emails_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let found = Transport::Directory(path.clone()).check().await;
        assert!(matches!(found, PathCheck::Works(_)), "{found:?}");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        let found = Transport::Directory(path.join("later")).check().await;
        assert!(matches!(found, PathCheck::Unsure(_)), "{found:?}");
        fs::write(path.join("file"), "in the way").unwrap();
        let found = Transport::Directory(path.join("file")).check().await;
        assert!(matches!(found, PathCheck::Fails(_)), "{found:?}");
        let found = Transport::Nowhere.check().await;
        assert!(matches!(found, PathCheck::Fails(_)), "{found:?}");
    }

    #[test]
    fn a_mail_program_can_be_run() {
        assert!(matches!(program(Path::new("/bin/sh")), PathCheck::Works(_)));
        for path in ["/etc/passwd", "/nowhere/sendmail"] {
            let found = program(Path::new(path));
            assert!(matches!(found, PathCheck::Fails(_)), "{found:?}");
        }
    }
}
