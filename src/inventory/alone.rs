//! A transaction of a command that must have the inventory to itself: other writers wait, and no daemon is running.

use super::engine::Connection;
use super::{Error, Place, duties};

/// Runs `work` in one transaction, which may take minutes. On a server, the nodes are looked at first; the lock of a file
/// has kept daemons out before.
pub(super) fn alone<T>(
    db: &Connection,
    place: &Place,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    db.begin()?;
    let done = db.allow_long_transaction().and_then(|()| {
        match place {
            Place::File(_) => {}
            Place::Server(address) => duties::reject_running_nodes(db, address)?,
        }
        work()
    });
    match done {
        Ok(done) => db.commit().map(|()| done),
        Err(error) => {
            // What matters is why.
            let _ = db.roll_back();
            Err(error)
        }
    }
}
