//! The one writer: a thread that owns the writing connection. Jobs that wait at the same moment share a commit;
//! each runs in its own savepoint, so one that fails takes nothing with it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Error, Tx, View};
use crate::secret::Sealer;

/// Runs inside the transaction, if there could be one, and gives back what to do once it is known how the commit went.
type Job = Box<dyn FnOnce(Option<&Tx<'_>>) -> Afterwards + Send>;
type Afterwards = Box<dyn FnOnce(&Result<(), String>) + Send>;

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
        let job: Job = Box::new(move |tx| {
            let result = tx.map_or(Err(Error::Closed), |tx| in_savepoint(tx, job));
            Box::new(move |commit| {
                let durable = commit.clone().map_err(Error::Commit);
                // An asker who has gone away does not undo what was asked for.
                let _ = answer.send(durable.and(result));
            })
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
        let begun = db.execute_batch("BEGIN IMMEDIATE");
        let tx = Tx(View { db, sealer });
        let open = begun.is_ok().then_some(&tx);
        let mut answers = vec![first(open)];
        while answers.len() < JOBS_PER_COMMIT {
            let Ok(next) = jobs.try_recv() else { break };
            answers.push(next(open));
        }
        let saved = begun
            .and_then(|()| db.execute_batch("COMMIT"))
            .map_err(|e| e.to_string());
        if let Err(reason) = &saved {
            tracing::error!(
                reason,
                "the inventory could not save its work; it will be tried again"
            );
            // Fails when there is no transaction left, which is what it is for.
            let _ = db.execute_batch("ROLLBACK");
        }
        answers.into_iter().for_each(|answer| answer(&saved));
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
