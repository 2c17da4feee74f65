//! What we know, in SQLite: the only SQL of the daemon, one file per subject, each statement in the function
//! that bears its name. Secrets are sealed before they come here.

mod agenda;
mod apps;
mod backups;
mod cells;
mod copy;
mod deletions;
mod digests;
mod email_bodies;
mod errands;
mod error;
mod incidents;
mod journal;
mod keys;
mod knowledge;
mod letters;
mod lives;
mod logins;
mod notices;
mod open;
mod pages;
mod rekey;
mod resealing;
mod restore;
mod rows;
mod schema;
mod signed_requests;
mod subscriptions;
mod summary;
mod tokens;
mod upgrade;
mod versions;
mod writer;

#[cfg(test)]
mod sealing_tests;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::secret::{Key, Sealer};

pub use agenda::{Claimed, Lease, Visit};
pub use apps::{AppRecord, AppTrouble};
pub use backups::{back_up, newest_backup};
pub use copy::copy;
pub use deletions::Deletion;
pub use digests::{ComingLogin, Deeds, Digest, LonePages};
pub use errands::{Errand, Errands, Order};
pub use error::Error;
pub use incidents::{
    Concern, Finding, Holder, Incident, IncidentId, IncidentState, Membership, News, Story, Which,
};
pub use journal::{Event, EventId, EventKind, NewEvent};
pub use knowledge::Learned;
pub use letters::{Attempt, Letter, LetterId, NewLetter, Verdict};
pub use lives::LifeId;
pub use logins::{
    AttemptId, Ending, Granted, Household, Login, LoginAttempt, LoginFault, LoginId,
    NAMED_LEFT_OUT, NewLogin, Progress, Taken,
};
pub use notices::Notice;
pub use pages::PageSeen;
pub use rekey::{Rekeying, RenewedKeys};
pub use restore::{Contents, Present, Restore};
pub use signed_requests::{Callback, Use};
pub use subscriptions::{Deaf, Listening};
pub use summary::{Deadline, Fleet, MailQueue};
pub use tokens::{Filter, Imported, NewToken, TokenPage, name_is_valid};
pub use versions::{Candidate, NewVersion, SecretReading};

/// Where the inventory stands and what opens it.
#[derive(Debug)]
pub struct Settings {
    pub path: PathBuf,
    pub key: Key,
}

/// A handle to the inventory: many readers, one writer. Cheap to clone.
#[derive(Clone)]
pub struct Inventory(Arc<Shared>);

struct Shared {
    readers: Mutex<Vec<Connection>>,
    free_readers: Semaphore,
    sealer: Sealer,
    path: PathBuf,
    writer: writer::Writer,
    trouble: Mutex<Option<String>>,
    /// Held until the writer has closed: one daemon per inventory.
    _lock: std::fs::File,
}

/// Reading, on a connection that cannot write.
#[derive(Debug)]
pub struct View<'db> {
    db: &'db Connection,
    sealer: &'db Sealer,
}

/// Reading and writing inside the writer's transaction.
#[derive(Debug)]
pub struct Tx<'db>(View<'db>);

/// How many reads may go on at once; each connection costs memory for its cache.
const READERS: usize = 2;

impl Inventory {
    /// Opens it for this process alone, making or upgrading it as needed. Nothing is written before lock,
    /// owner, schema and key have been found right.
    pub fn open(settings: &Settings) -> Result<Self, Error> {
        let lock = open::lock(&settings.path)?;
        let (writing, sealer) = open::open(&settings.path, &settings.key)?;
        let readers = (0..READERS)
            .map(|_| open::connect_reader(&settings.path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self(Arc::new(Shared {
            writer: writer::Writer::start(writing, sealer.clone())?,
            readers: Mutex::new(readers),
            free_readers: Semaphore::new(READERS),
            sealer,
            trouble: Mutex::default(),
            path: settings.path.clone(),
            _lock: lock,
        })))
    }

    /// The file that it stands in.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Runs `job` in a transaction; jobs that wait at the same moment share one commit. What it returns is
    /// durable when this returns.
    pub async fn write<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let written = self.0.writer.run(job).await;
        self.0.keep_in_mind(&written);
        written
    }

    /// Whether the writer gets on. It writes nothing, so it tells nothing of the disk.
    pub async fn ping(&self) -> Result<(), Error> {
        self.0.writer.run(|_| Ok(())).await
    }

    /// Why the last attempt to write failed, if it was the disk's or the file's fault.
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.0.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `question` on a reading connection, off the async threads.
    pub async fn read<T, F>(&self, question: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        let _permit = self
            .0
            .free_readers
            .acquire()
            .await
            .map_err(|_| Error::Closed)?;
        tokio::task::spawn_blocking(move || shared.answer(question))
            .await
            .map_err(|_| Error::Closed)?
    }
}

impl Shared {
    /// An error of the job itself says nothing of the disk.
    fn keep_in_mind<T>(&self, written: &Result<T, Error>) {
        let trouble = match written {
            Ok(_) => None,
            Err(error) if error.is_of_the_disk() => Some(error.to_string()),
            Err(_) => return,
        };
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
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

impl<'db> Deref for Tx<'db> {
    type Target = View<'db>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inventory")
    }
}
