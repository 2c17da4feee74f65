//! What follows when the tools of a server have restored its inventory: it is checked, and every token is checked anew,
//! because Meta knows what has happened since the copy was taken.

use std::sync::Arc;

use jiff::Timestamp;

use super::alone::alone;
use super::engine::{Connection, LastNumber, Owner, Server, Table};
use super::moving::MoveError;
use super::restore::check_all_anew;
use super::{Error, Place, cells, keys, open, schema};
use crate::secret::Key;

/// An inventory that was restored on a server, and was checked.
#[derive(Debug)]
pub struct ServerRestore {
    db: Connection,
    place: Place,
    pub tokens: u64,
    pub newest_event_at: Option<Timestamp>,
    /// How many sealed values the key opens, and how many do not open.
    pub opened: u64,
    pub unsealable: u64,
    /// The tables whose next row would get a number that is taken.
    behind: Vec<LastNumber>,
}

impl ServerRestore {
    /// Checks the inventory. Nothing is changed, except that an older schema is upgraded. The thread must be one that may
    /// wait for a server.
    pub fn prepare(place: &Place, key: &Key) -> Result<Self, Error> {
        let Place::Server(address) = place else {
            return Err(Error::NotFile);
        };
        let server = Arc::new(Server::new(address).map_err(Error::Server)?);
        let db = open::connect_to(&server)?;
        let identity = db.identity()?;
        if schema::known(identity, || place.to_string())? == 0 {
            return Err(MoveError::NoInventory(place.to_string()).into());
        }
        let sealer = keys::sealer(&db, key)?;
        let db = match identity.owner {
            // A copy of what was moved away is the inventory again.
            Owner::Moved => db,
            Owner::Perennial | Owner::Nobody | Owner::Prerelease | Owner::Other => {
                drop(db);
                open::open_on(&server, key)?.0
            }
        };
        alone(&db, place, || reject_wrong_totals(&db))?;
        let opened = cells::open_all(&db, &sealer, &mut |_| {})?;
        Ok(Self {
            tokens: db.value("SELECT count(*) FROM token", &[])?,
            newest_event_at: db
                .maybe_value("SELECT at FROM event ORDER BY id DESC LIMIT 1", &[])?,
            opened: opened.cells - opened.unsealable,
            unsealable: opened.unsealable,
            behind: behind(&db)?,
            place: place.clone(),
            db,
        })
    }

    /// The tables whose next row would get a number that is taken, as after `pg_restore --data-only`.
    pub fn misnumbered(&self) -> Vec<&str> {
        let tables = self.behind.iter();
        tables.map(|last| last.table.as_str()).collect()
    }

    /// Corrects the numbers, makes every token due, and records the restore.
    pub fn carry_out(self, now: Timestamp) -> Result<(), Error> {
        alone(&self.db, &self.place, || {
            self.db.mark_as_own_if_moved()?;
            for last in &self.behind {
                self.db.set_last_number(last)?;
            }
            check_all_anew(&self.db, now)
        })?;
        self.db.close();
        Ok(())
    }
}

/// They differ when the rows were restored into tables whose triggers counted them once more.
fn reject_wrong_totals(db: &Connection) -> Result<(), Error> {
    let differ = db.value(
        "SELECT EXISTS (SELECT 1 FROM (SELECT app, count(*) AS tokens FROM token GROUP BY app) found
            LEFT JOIN token_total kept ON kept.app = found.app
            WHERE kept.tokens IS NULL OR kept.tokens <> found.tokens)",
        &[],
    )?;
    match differ {
        true => Err(Error::WrongTotals),
        false => Ok(()),
    }
}

fn behind(db: &Connection) -> Result<Vec<LastNumber>, Error> {
    let tables = db.tables()?;
    let mut behind = Vec::new();
    for kept in db.last_numbers()? {
        let is_it = |table: &&Table| table.name == kept.table;
        let Some(table) = tables.iter().find(is_it) else {
            continue;
        };
        let number = db.value(&table.greatest("id"), &[])?;
        if number > kept.number {
            behind.push(LastNumber { number, ..kept });
        }
    }
    behind.sort_unstable_by(|one, other| one.table.cmp(&other.table));
    Ok(behind)
}
