//! Automatic backups: named by their time, and only the newest are kept.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Error;
use super::copy::Source;

/// `inventory-20261125T023000Z.db`
const FORM: &str = "inventory-%Y%m%dT%H%M%SZ.db";

/// Copies the inventory into the folder, then removes the oldest automatic backups until `keep` are left.
pub fn back_up(
    inventory: &Path,
    folder: &Path,
    keep: usize,
    now: Timestamp,
) -> Result<PathBuf, Error> {
    make(folder)?;
    let target = folder.join(now.strftime(FORM).to_string());
    Source::open(inventory)?.copy_to(&target, inventory)?;
    let mut copies = copies(folder).map_err(Error::of_file(folder))?;
    copies.sort_unstable();
    let superfluous = copies.len().saturating_sub(keep);
    for (_, old) in &copies[..superfluous] {
        std::fs::remove_file(old).map_err(Error::of_file(old))?;
    }
    Ok(target)
}

/// Returns the time of the newest backup, if there is one. Ignores backups dated in the future: a wrong clock named
/// them.
pub fn newest_backup(folder: &Path, now: Timestamp) -> Option<Timestamp> {
    let made = copies(folder).ok()?.into_iter().map(|(at, _)| at);
    made.filter(|at| *at <= now).max()
}

fn make(folder: &Path) -> Result<(), Error> {
    let make = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    make.map_err(Error::of_file(folder))
}

fn copies(folder: &Path) -> io::Result<Vec<(Timestamp, PathBuf)>> {
    let mut copies = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        if let Some(at) = made_at(&entry.file_name().to_string_lossy()) {
            copies.push((at, entry.path()));
        }
    }
    Ok(copies)
}

/// Reads the time from a backup's name. `None` for other files, so that they are neither counted nor removed.
fn made_at(name: &str) -> Option<Timestamp> {
    let at = DateTime::strptime(FORM, name).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Inventory, Settings};
    use crate::secret::Key;

    #[test]
    fn the_oldest_copies_go_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let (path, folder) = (
            place.path().join("inventory.db"),
            place.path().join("copies"),
        );
        let key = Key::generate().unwrap();
        let _open = Inventory::open(&Settings::of_file(&path, key)).unwrap();
        std::fs::create_dir(&folder).unwrap();
        let foreign = folder.join("inventory-before-the-move.db");
        std::fs::write(&foreign, "by hand").unwrap();
        let first: Timestamp = "2026-11-25T02:30:00Z".parse().unwrap();
        let nights = (0..5).map(|night| first + jiff::SignedDuration::from_hours(24 * night));
        let made: Vec<PathBuf> = nights
            .map(|now| back_up(&path, &folder, 3, now).unwrap())
            .collect();
        let is_there: Vec<bool> = made.iter().map(|copy| copy.exists()).collect();
        assert_eq!(is_there, [false, false, true, true, true]);
        assert!(foreign.exists());
    }

    #[test]
    fn a_copy_of_a_day_to_come_does_not_count_as_the_newest() {
        let place = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-25T02:30:00Z".parse().unwrap();
        assert_eq!(newest_backup(place.path(), now), None);
        for hours in [-24, 24 * 60] {
            let at = now + jiff::SignedDuration::from_hours(hours);
            let name = at.strftime(FORM).to_string();
            std::fs::write(place.path().join(name), "a copy").unwrap();
        }
        let yesterday = now - jiff::SignedDuration::from_hours(24);
        assert_eq!(newest_backup(place.path(), now), Some(yesterday));
    }

    #[test]
    fn only_what_was_made_here_is_counted() {
        let at: Timestamp = "2026-11-25T02:30:00Z".parse().unwrap();
        assert_eq!(made_at(&at.strftime(FORM).to_string()), Some(at));
        for name in [
            "inventory.db",
            "inventory-20261125T023000Z.db.old",
            "inventory-latest.db",
            "pre-upgrade-schema-1-20261125T023000Z.db",
        ] {
            assert_eq!(made_at(name), None, "{name}");
        }
    }
}
