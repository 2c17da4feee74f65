//! The inventory: everything that the daemon stores, in SQLite or PostgreSQL. All SQL is here, one file per subject, each statement
//! in the function that bears its name. Secrets are sealed before they are stored.

mod access;
mod activity;
mod alone;
mod apps;
mod backlog;
mod backups;
mod calendars;
mod candidates;
mod cells;
mod check_results;
mod claims;
mod claims_in_hand;
mod columns;
mod copy;
mod crash_suspects;
mod daemon_runs;
mod data_deletions;
mod deliveries;
mod digests;
mod duties;
mod emails;
mod engine;
mod error;
mod event_log;
mod exchanges;
mod figures;
mod file_ownership;
mod forecast_tokens;
mod future_dates;
mod incidents;
mod instance;
mod journal;
mod keys;
mod lock;
mod logins;
mod lost_commits;
mod mark;
mod moving;
mod open;
mod page_admins;
mod pending_orders;
mod place;
mod post_channels;
mod posts;
mod pruning;
mod refused_candidates;
mod rekey;
mod restore;
mod restore_server;
mod schedule;
mod schema;
mod signed_requests;
mod subscriptions;
mod tokens;
mod totals;
mod transaction;
mod ungranted_scopes;
mod unsaved_secrets;
mod versions;
mod webhook_notices;
mod writer;
mod writing;

#[cfg(test)]
mod bench_for_tests;
#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod post_tests;
#[cfg(test)]
mod sealing_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unreadable_tests;
#[cfg(test)]
mod upgrade_tests;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::Semaphore;

use crate::secret::{Key, Sealer};

use access::{Access, Store};
pub use backups::{back_up, newest_backup};
pub use claims::{Claim, ClaimId};
pub use claims_in_hand::ClaimInHand;
pub use copy::copy;
pub use daemon_runs::RunId;
pub use data_deletions::Deletion;
pub use deliveries::Confirmed;
pub use digests::Digest;
pub use duties::{Duties, DutyChange, Held};
pub use engine::{
    Address, AddressError, Authority, NoCertificate, ServerError, Work, WriteErrorKind,
};
use engine::{Connection, Counters};
pub use error::{Error, Unwritable};
pub use forecast_tokens::{ForecastCursor, ForecastPage};
pub use logins::{ClaimedCode, NAMED_LEFT_OUT};
pub use mark::Mark;
pub use moving::{MoveError, MoveProgress, Moved, move_inventory};
pub use open::try_key;
pub use place::Place;
pub use pruning::Retention;
pub use rekey::{Rekeying, RenewedKeys};
pub use restore::{Contents, Present, Restore};
pub use restore_server::ServerRestore;
pub use signed_requests::{Callback, Use};
pub use tokens::{
    After, Cursor, Filter, Imported, NewToken, Prefix, Sort, TokenPage, name_is_valid,
};
pub use transaction::Tx;
pub use versions::{NewVersion, SecretReading};
pub use webhook_notices::WebhookNotice;

/// Where the inventory is, and the key that opens it.
#[derive(Debug)]
pub struct Settings {
    pub place: Place,
    pub key: Key,
    /// The name of this daemon among those that share a server.
    pub node: String,
}

impl Settings {
    pub fn of_file(path: &Path, key: Key) -> Self {
        Self {
            place: Place::from(path),
            key,
            node: String::new(),
        }
    }
}

/// A handle to the inventory: many readers, one writer. Cheap to clone. With a [`Held`], it writes on behalf of a duty,
/// and no longer once another node has that duty.
#[derive(Clone)]
pub struct Inventory(Arc<Shared>, Option<Held>);

struct Shared {
    readers: Mutex<Vec<Connection>>,
    free_readers: Arc<Semaphore>,
    sealer: Sealer,
    place: Place,
    writer: writer::Writer,
    figures: Arc<figures::Published>,
    write_error: Mutex<Option<Unwritable>>,
    backlog: backlog::Backlog,
    unsaved: Mutex<unsaved_secrets::Unsaved>,
    claims_in_hand: Arc<claims_in_hand::ClaimsInHand>,
    counters: Arc<Counters>,
    sinks: Arc<deliveries::Sinks>,
    /// Whether it was opened for reading only, because writing was not possible.
    is_read_only: AtomicBool,
}

/// Read access, on a connection that cannot write.
#[derive(Debug)]
pub struct View<'db> {
    db: &'db Connection,
    sealer: &'db Sealer,
}

/// How many reads run at the same time. Each connection costs memory for its cache.
pub(crate) const READERS: usize = 2;

impl Inventory {
    /// Opens the inventory for this process alone, and creates or upgrades it as needed. Nothing is written before
    /// lock, owner, schema and key are verified. Where nothing can be written, a file is opened for reading.
    pub fn open(settings: &Settings) -> Result<Self, Error> {
        match &settings.place {
            Place::File(_) => Self::open_here(settings),
            // The caller's thread may be one that must not wait for a server.
            Place::Server(_) => thread::scope(|scope| {
                let opening = scope.spawn(|| Self::open_here(settings));
                opening.join().unwrap_or(Err(Error::Closed))
            }),
        }
    }

    fn open_here(settings: &Settings) -> Result<Self, Error> {
        let counters = Arc::default();
        let Access {
            store,
            readers,
            sealer,
        } = Access::open(settings, &counters)?;
        let write_error = match &store {
            Store::Open { .. } => None,
            Store::ReadOnly { why, .. } => Some(why.clone()),
        };
        if let Some(why) = &write_error {
            writing::log(why);
        }
        let db = readers.first().ok_or(Error::Closed)?;
        let view = View {
            db,
            sealer: &sealer,
        };
        let figures =
            figures::Published::read(&view).map_err(|error| settings.place.or_damaged(error))?;
        let figures = Arc::new(figures);
        let sinks = Arc::<deliveries::Sinks>::default();
        let shown = (Arc::clone(&figures), Arc::clone(&sinks));
        let shared = Shared {
            writer: writer::Writer::start(store, sealer.clone(), shown)?,
            figures,
            readers: Mutex::new(readers),
            free_readers: Arc::new(Semaphore::new(READERS)),
            sealer,
            backlog: backlog::Backlog::default(),
            unsaved: Mutex::default(),
            claims_in_hand: Arc::default(),
            counters,
            sinks,
            is_read_only: AtomicBool::new(write_error.is_some()),
            write_error: Mutex::new(write_error),
            place: settings.place.clone(),
        };
        Ok(Self(Arc::new(shared), None))
    }

    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// What the database did since the inventory was opened.
    pub fn work(&self) -> Work {
        self.0.counters.read()
    }

    /// Opens the inventory for writing if it was only readable so far. Nothing is read meanwhile: SQLite does not let a
    /// process write to a file that it has open as read-only, so the readers are closed and opened again.
    async fn reopen(&self) -> Result<(), Error> {
        let counters = &self.0.counters;
        let is_read_only = self.0.is_read_only.load(Ordering::Acquire);
        let Some(path) = self.0.place.file().filter(|_| is_read_only) else {
            return Ok(());
        };
        if !file_ownership::may_be_written(path) {
            return Err(self.write_error().map_or(Error::Closed, Error::Unwritable));
        }
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let permits = self.0.free_readers.acquire_many(all).await;
        let _nobody_reads = permits.map_err(|_| Error::Closed)?;
        self.0.replace_readers(Vec::new());
        let opened = self.0.writer.reopen().await;
        self.0.replace_readers(match &opened {
            Ok(()) => access::readers(path, counters)?,
            Err(_) => access::readers_only(path, counters)?.unwrap_or_default(),
        });
        if opened.is_ok() {
            self.0.is_read_only.store(false, Ordering::Release);
        }
        opened
    }

    /// Whether events wait to be written to the journal.
    pub fn has_backlog(&self) -> bool {
        self.0.backlog.is_waiting()
    }

    /// Runs `question` on a reading connection, off the async threads.
    pub async fn read<T, F>(&self, question: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        let free = Arc::clone(&self.0.free_readers).acquire_owned().await;
        let permit = free.map_err(|_| Error::Closed)?;
        let answer = move || {
            // Until the reader is back, whether or not the caller still waits.
            let _permit = permit;
            shared.answer(question)
        };
        let answered = tokio::task::spawn_blocking(answer).await;
        answered.map_err(|_| Error::Closed)?
    }
}

impl Shared {
    fn replace_readers(&self, readers: Vec<Connection>) {
        *self.readers.lock().unwrap_or_else(PoisonError::into_inner) = readers;
    }

    fn answer<T>(&self, question: impl FnOnce(&View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let readers = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let db = readers().pop().ok_or(Error::Closed)?;
        let answer = question(&View {
            db: &db,
            sealer: &self.sealer,
        });
        readers().push(db);
        answer
    }
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inventory")
    }
}
