//! Root runs commands in the folder of the daemon's user. An attacker who controls that user has planted links there.

use std::fs::{self, hard_link};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::import;
use crate::world::Result;
use crate::world::daemon::Premises;

/// The uid of the daemon's user.
const DAEMON: u32 = 65_534;

/// A folder that belongs to the daemon's user, with an inventory; the key and a backup belong to root.
struct Taken {
    premises: Premises,
    roots: tempfile::TempDir,
}

impl Taken {
    /// Returns `None` without root, because only root can change the owner of a file.
    fn new() -> Result<Option<Self>> {
        if !nix::unistd::getuid().is_root() {
            return Ok(None);
        }
        let premises = Premises::new("http://127.0.0.1:1")?;
        let roots = tempfile::tempdir()?;
        let daemon = premises.start()?;
        import(&premises, "first")?;
        daemon.stop(Signal::SIGTERM)?;
        let taken = Self { premises, roots };
        let copy = taken.roots.path().join("copy.db").display().to_string();
        let output = taken.premises.ask(&["backup", &copy], "")?;
        assert!(output.status.success(), "{output:?}");
        let folder = taken.premises.path("");
        for entry in fs::read_dir(&folder)? {
            chown(entry?.path(), Some(DAEMON), Some(DAEMON))?;
        }
        chown(&folder, Some(DAEMON), Some(DAEMON))?;
        Ok(Some(taken))
    }

    fn victim(&self) -> Result<PathBuf> {
        let victim = self.roots.path().join("shadow");
        fs::write(&victim, "root's own")?;
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o600))?;
        Ok(victim)
    }

    /// Runs the commands that root uses on the inventory. Returns whether each succeeded.
    fn run_everything(&self) -> Result<Vec<bool>> {
        let copy = self.roots.path().join("copy.db").display().to_string();
        let target = self.premises.path("again.db").display().to_string();
        let _ = fs::remove_file(&target);
        let lines: [&[&str]; 3] = [
            &["rekey"],
            &["backup", &target],
            &["restore", "--yes", &copy],
        ];
        let ended = lines
            .iter()
            .map(|line| Ok(self.premises.ask(line, "")?.status.success()));
        ended.collect()
    }
}

fn is_untouched(victim: &Path) -> Result {
    let found = victim.metadata()?;
    assert_eq!((found.uid(), found.gid()), (0, 0), "it was given away");
    assert_eq!(fs::read_to_string(victim)?, "root's own");
    Ok(())
}

#[test]
fn a_planted_lock_gives_nothing_of_root_s_away() -> Result {
    let Some(taken) = Taken::new()? else {
        return Ok(());
    };
    let victim = taken.victim()?;
    let lock = taken.premises.path("inventory.db.lock");
    fs::remove_file(&lock)?;
    symlink(&victim, &lock)?;
    let ended = taken.run_everything()?;
    assert_eq!(ended, [false, true, false]);
    is_untouched(&victim)?;

    fs::remove_file(&lock)?;
    // Both are in the folder for temporary files, so they are on one disk.
    hard_link(&victim, &lock)?;
    let ended = taken.run_everything()?;
    assert_eq!(ended, [false, true, false]);
    is_untouched(&victim)?;
    Ok(())
}

#[test]
fn a_planted_inventory_makes_no_file_of_root_s() -> Result {
    let Some(taken) = Taken::new()? else {
        return Ok(());
    };
    let target = taken.roots.path().join("made-by-root");
    for name in ["inventory.db-wal", "inventory.db-shm", "inventory.db"] {
        let link = taken.premises.path(name);
        let _ = fs::remove_file(&link);
        symlink(&target, &link)?;
    }
    taken.run_everything()?;
    assert!(!target.exists(), "root made a file for the daemon's user");
    Ok(())
}

#[test]
fn what_root_makes_in_the_daemon_s_folder_belongs_to_the_daemon() -> Result {
    let Some(taken) = Taken::new()? else {
        return Ok(());
    };
    assert_eq!(
        taken.run_everything()?,
        [true, true, false],
        "the key is another by then"
    );
    for entry in fs::read_dir(taken.premises.path(""))? {
        let path = entry?.path();
        let found = path.symlink_metadata()?;
        assert_eq!(found.uid(), DAEMON, "{}", path.display());
    }
    Ok(())
}
