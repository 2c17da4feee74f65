//! The files of the credentials that the configuration names: they exist, and only their owner may read them. What is in
//! them is read with the configuration.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config;
use crate::doctor::{Check, Finding, Known};

const CHECK: Check = Check::Credentials;

pub(in crate::doctor) fn check(known: &Known) -> Finding {
    let Ok(named) = config::credentials_named(&known.path) else {
        return Finding::not_checked(CHECK, "the configuration does not say which there are");
    };
    if named.is_empty() {
        return Finding::good(CHECK, "all secrets are in files of their own");
    }
    let folder = known.credentials();
    match folder.read_dir() {
        Ok(_) => of_files(&named, &folder),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Finding::only_root(
            CHECK,
            format!("only root can look into {}", folder.display()),
        ),
        Err(error) => elsewhere(format!("{}: {error}", folder.display())),
    }
}

fn of_files(named: &BTreeSet<String>, folder: &Path) -> Finding {
    let shown = folder.display();
    let those = |is: fn(&Path) -> bool| {
        let found = named.iter().filter(|name| is(&folder.join(name)));
        found.map(String::as_str).collect::<Vec<_>>()
    };
    let missing = those(|path| !path.exists());
    if !missing.is_empty() {
        return elsewhere(format!("{shown} has no {}", missing.join(", ")));
    }
    let open = those(is_open);
    if !open.is_empty() {
        let says = format!("others than their owner may read {}", open.join(", "));
        let to_do = format!("cd {shown} && sudo chmod 600 {}", open.join(" "));
        return Finding::problem(CHECK, says, to_do);
    }
    Finding::good(
        CHECK,
        format!("{} in {shown}, for their owner alone", named.len()),
    )
}

/// Encrypted credentials are where a drop-in says.
fn elsewhere(says: String) -> Finding {
    let to_do = "Add what is missing: sudo perennial setup. If a drop-in names other places for the credentials, this is \
                 right: systemctl cat perennial";
    Finding::warning(CHECK, says, to_do)
}

fn is_open(path: &Path) -> bool {
    let mode = fs::metadata(path).map(|file| file.permissions().mode());
    mode.is_ok_and(|mode| mode & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn they_exist_and_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("perennial.toml");
        fs::write(
            &path,
            "[[app]]\nsecret = { credential = \"acme.secret\" }\n",
        )
        .unwrap();
        let found = || check(&Known::of(&path));
        assert_eq!(found().outcome, Outcome::Warning, "there is no folder");

        let credentials = folder.path().join("credentials");
        fs::create_dir(&credentials).unwrap();
        let write = |name: &str, mode| {
            let file = credentials.join(name);
            fs::write(&file, "a secret that is not shown").unwrap();
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        };
        write("inventory.key", 0o600);
        assert!(
            found().says.ends_with("has no acme.secret"),
            "{:?}",
            found()
        );
        write("acme.secret", 0o640);
        let open = found();
        assert_eq!(open.outcome, Outcome::Problem);
        assert!(open.to_do.unwrap().ends_with("chmod 600 acme.secret"));
        write("acme.secret", 0o600);
        assert_eq!(found().outcome, Outcome::Good);
        assert!(!found().says.contains("a secret"), "{:?}", found());
    }
}
