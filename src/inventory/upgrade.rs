//! Copies an inventory before its schema is upgraded: the way back to the version that wrote it.

use std::path::{Path, PathBuf};

use super::copy::{Source, folder_of, reject_non_empty, size_of};
use super::{Error, open};

/// Copies the inventory to a file beside it, unless an earlier start that got no further did so already.
pub(super) fn copy_before_upgrade(database: &Path, schema: u32) -> Result<PathBuf, Error> {
    let db = open::connect_reader(database)?;
    let newest =
        "SELECT coalesce(strftime('%Y%m%dT%H%M%SZ', max(at), 'unixepoch'), 'empty') FROM event";
    let newest: String = db.query_row(newest, [], |row| row.get(0))?;
    let folder = folder_of(database);
    let target = folder.join(format!("pre-upgrade-schema-{schema}-{newest}.db"));
    // Once for the copy, once for what the upgrade writes.
    reject_non_empty(&folder, 2 * size_of(database)?)?;
    match Source::open(database)?.copy_to(&target, database) {
        Ok(_) | Err(Error::Taken(_)) => {}
        Err(error) => return Err(error),
    }
    tracing::info!(
        copy = %target.display(),
        "the inventory has an older schema; it was copied and is now upgraded"
    );
    Ok(target)
}
