//! The one writer: a thread that owns the writing connection. Jobs that wait at the same moment share a commit; each of
//! them runs in a savepoint of its own, so one that fails takes no other with it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Error, Tx, View};
use crate::secret::Sealer;

/// Runs inside the transaction, if there could be one.
type Job = Box<dyn FnOnce(Option<&Tx<'_>>, Company) -> Done + Send>;
/// What to do once it is known how the commit went.
type Afterwards = Box<dyn FnOnce(&Result<(), String>) + Send>;

struct Done {
    afterwards: Afterwards,
    succeeded: bool,
}

/// Whether a job shares its transaction. One that is alone is undone with it, and spares the savepoint: under one,
/// SQLite keeps a second journal that grows with the job and is walked at every statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    Alone,
    Others,
}

/// More would make the first of them wait too long for its answer.
const JOBS_PER_COMMIT: usize = 256;

pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(db: Connection, sealer: Sealer) -> Result<Self, Error> {
        let (sender, jobs) = channel();
        let thread = thread::Builder::new()
            .name("inventory".to_owned())
            .spawn(move || work(&db, &sealer, &jobs))
            .map_err(|error| Error::Commit(error.to_string()))?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    pub(super) async fn run<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |tx, company| {
            let result = match (tx, company) {
                (None, _) => Err(Error::Closed),
                (Some(tx), Company::Alone) => job(tx),
                (Some(tx), Company::Others) => in_savepoint(tx, job),
            };
            Done {
                succeeded: result.is_ok(),
                afterwards: Box::new(move |commit| {
                    let durable = commit.clone().map_err(Error::Commit);
                    // An asker who has gone away does not undo what was asked for.
                    let _ = answer.send(result.and_then(|value| durable.map(|()| value)));
                }),
            }
        });
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.send(job).map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }
}

impl Drop for Writer {
    /// What was asked for is written, and the database closed, before anybody else may open it.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has been heard of by everybody who waited for it.
            let _ = thread.join();
        }
    }
}

fn work(db: &Connection, sealer: &Sealer, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let waiting = jobs.try_iter().take(JOBS_PER_COMMIT - 1);
        let batch: Vec<Job> = std::iter::once(first).chain(waiting).collect();
        let company = if batch.len() == 1 {
            Company::Alone
        } else {
            Company::Others
        };
        let begun = db.execute_batch("BEGIN IMMEDIATE");
        let tx = Tx(View { db, sealer });
        let open = begun.is_ok().then_some(&tx);
        let done: Vec<Done> = batch.into_iter().map(|job| job(open, company)).collect();
        let undone = company == Company::Alone && done.iter().any(|done| !done.succeeded);
        let end = if undone { "ROLLBACK" } else { "COMMIT" };
        let saved = begun
            .and_then(|()| db.execute_batch(end))
            .map_err(|e| e.to_string());
        if let Err(reason) = &saved {
            tracing::error!(
                reason,
                "the inventory could not save its work; it will be tried again"
            );
            // Fails when there is no transaction left, which is what it is for.
            let _ = db.execute_batch("ROLLBACK");
        }
        done.into_iter().for_each(|done| (done.afterwards)(&saved));
    }
    // Folds the write-ahead log into the database, so that a copy of the one file is whole.
    let _ = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

fn in_savepoint<T>(tx: &Tx<'_>, job: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
    tx.db.execute_batch("SAVEPOINT job")?;
    let result = job(tx);
    let end = if result.is_ok() {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    };
    tx.db.execute_batch(end)?;
    result
}
