//! The writer: a thread that owns the writing connection. Small jobs that wait at the same time share a commit; each
//! runs in a savepoint, so that one that fails does not affect the others. A large job has a transaction of its own.
//! Where nothing can be written, each job gets the reason.

use std::mem;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;
use tracing::dispatcher::{self, Dispatch};

use super::access::Store;
use super::deliveries::Sinks;
use super::event_log::EventLog;
use super::figures::Published;
use super::{Error, Mark, Tx, Unwritable, View, WriteErrorKind};
use crate::model::Recorded;
use crate::secret::Sealer;

/// Runs inside the transaction, or gets the reason why there is none.
type Job = Box<dyn FnOnce(Result<&Tx<'_>, &Unwritable>, BatchContext) -> Done + Send>;
/// Runs once the outcome of the commit is known.
type Afterwards = Box<dyn FnOnce(&Result<(), Unwritable>) + Send>;

enum Message {
    Job(Job, BatchContext),
    /// Open the inventory for writing, if it is read-only.
    Reopen(oneshot::Sender<Result<(), Unwritable>>),
}

struct Done {
    afterwards: Afterwards,
    succeeded: bool,
    /// What kept the job from being written.
    error: Option<Unwritable>,
}

/// Whether a job may share its transaction, and whether it does. A job that is alone is undone with the transaction, so
/// it needs no savepoint: under one, SQLite copies every page that the job changes into a second journal, which is in
/// memory and is walked at every statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchContext {
    Alone,
    Others,
}

/// What the thread works with.
struct WriterThread {
    store: Store,
    sealer: Sealer,
    figures: Arc<Published>,
    sinks: Arc<Sinks>,
}

pub(super) struct Writer {
    jobs: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
    /// What was recorded since the start.
    recorded: Arc<Mutex<Recorded>>,
    /// The last event that was recorded since it was taken.
    newest: Arc<Mutex<Option<Mark>>>,
}

impl Writer {
    pub(super) fn start(
        store: Store,
        sealer: Sealer,
        (figures, sinks): (Arc<Published>, Arc<Sinks>),
    ) -> Result<Self, Error> {
        let (sender, jobs) = channel();
        let writing = WriterThread {
            store,
            sealer,
            figures,
            sinks,
        };
        let thread = thread::Builder::new()
            .name("inventory".to_owned())
            .spawn(move || writing.work(&jobs))
            .map_err(|_| Error::Closed)?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
            recorded: Arc::default(),
            newest: Arc::default(),
        })
    }

    pub(super) async fn run<T, F>(&self, job: F, wanted: BatchContext) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let (all_recorded, last) = (Arc::clone(&self.recorded), Arc::clone(&self.newest));
        // The writer's thread logs on behalf of the caller, to where the caller logs.
        let dispatch = dispatcher::get_default(Dispatch::clone);
        let job: Job = Box::new(move |tx, company| {
            let result = match (tx, company) {
                (Err(why), _) => Err(Error::Unwritable(why.clone())),
                (Ok(tx), BatchContext::Alone) => job(tx),
                (Ok(tx), BatchContext::Others) => tx.db.in_savepoint(|| job(tx)),
            };
            let events = tx.map_or_else(|_| EventLog::default(), |tx| tx.event_log.take());
            let recorded = tx.map_or_else(|_| Recorded::default(), |tx| tx.recorded.take());
            let newest = tx.map_or_else(|_| None, |tx| tx.newest.take());
            let failed = result
                .as_ref()
                .err()
                .filter(|e| e.write_error_kind().is_some());
            Done {
                succeeded: result.is_ok(),
                error: failed.map(Unwritable::of),
                afterwards: Box::new(move |commit| {
                    if result.is_ok() && commit.is_ok() {
                        dispatcher::with_default(&dispatch, || events.write());
                        locked(&all_recorded).add(recorded);
                        if newest.is_some() {
                            *locked(&last) = newest;
                        }
                    }
                    let durable = commit.clone().map_err(Error::Unwritable);
                    // If the caller has gone away, its job stays done.
                    let _ = answer.send(result.and_then(|value| durable.map(|()| value)));
                }),
            }
        });
        self.send(Message::Job(job, wanted))?;
        answered.await.map_err(|_| Error::Closed)?
    }

    pub(super) fn recorded(&self) -> Recorded {
        locked(&self.recorded).clone()
    }

    pub(super) fn take_newest(&self) -> Option<Mark> {
        locked(&self.newest).take()
    }

    /// Opens the inventory for writing, where only reading was possible before.
    pub(super) async fn reopen(&self) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Reopen(answer))?;
        let opened = answered.await.map_err(|_| Error::Closed)?;
        opened.map_err(Error::Unwritable)
    }

    fn send(&self, message: Message) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.send(message).map_err(|_| Error::Closed)
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Writer {
    /// Waits until all jobs are written and the database is closed, before another process may open it.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // If the writer panicked, every waiting caller has got an error already.
            let _ = thread.join();
        }
    }
}

impl WriterThread {
    fn work(mut self, messages: &Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            let waiting = messages.try_iter().take(self.store.jobs_per_commit() - 1);
            let mut batch: Vec<Job> = Vec::new();
            for message in std::iter::once(first).chain(waiting) {
                match message {
                    Message::Job(job, BatchContext::Others) => batch.push(job),
                    Message::Job(job, BatchContext::Alone) => {
                        // In the order in which they were sent.
                        self.save(mem::take(&mut batch));
                        self.save(vec![job]);
                    }
                    Message::Reopen(answer) => {
                        let opened = self.store.reopen();
                        self.refresh();
                        let _ = answer.send(opened);
                    }
                }
            }
            self.save(batch);
        }
        if let Store::Open { db, .. } = &self.store {
            db.close();
        }
    }

    /// Runs all jobs in one transaction, which is durable and in the figures before any of them gets its answer.
    fn save(&self, batch: Vec<Job>) {
        if batch.is_empty() {
            return;
        }
        let company = if batch.len() == 1 {
            BatchContext::Alone
        } else {
            BatchContext::Others
        };
        let (done, saved) = match &self.store {
            Store::Open { db, .. } => {
                let view = View {
                    db,
                    sealer: &self.sealer,
                };
                commit(&Tx::new(view, self.sinks.all()), batch, company)
            }
            Store::ReadOnly { why, .. } => (reject_all(batch, why, company), Err(why.clone())),
        };
        if saved.is_ok() {
            self.refresh();
        }
        done.into_iter().for_each(|done| (done.afterwards)(&saved));
        if let Store::Open { db, .. } = &self.store {
            db.after_commit();
        }
    }

    /// Runs outside of the transaction, so that a fault in reading costs no job its result.
    fn refresh(&self) {
        if let Store::Open { db, .. } = &self.store {
            let sealer = &self.sealer;
            self.figures.refresh(&View { db, sealer });
        }
    }
}

fn reject_all(batch: Vec<Job>, why: &Unwritable, company: BatchContext) -> Vec<Done> {
    let refused = batch.into_iter().map(|job| job(Err(why), company));
    refused.collect()
}

fn commit(
    tx: &Tx<'_>,
    batch: Vec<Job>,
    company: BatchContext,
) -> (Vec<Done>, Result<(), Unwritable>) {
    if let Err(error) = tx.db.begin() {
        let why = Unwritable::of(&error);
        return (reject_all(batch, &why, company), Err(why));
    }
    let mut done: Vec<Done> = Vec::with_capacity(batch.len());
    for job in batch {
        // A full disk may end the transaction. What came after that would be saved without the rest.
        let end = (!tx.db.is_in_transaction()).then(|| why_it_ended(&done));
        done.push(job(end.as_ref().map_or(Ok(tx), Err), company));
    }
    let undone = company == BatchContext::Alone && done.iter().any(|done| !done.succeeded);
    let saved = match (tx.db.is_in_transaction(), undone) {
        (false, true) => Ok(()),
        (false, false) => Err(why_it_ended(&done)),
        (true, true) => tx.db.roll_back().map_err(|error| Unwritable::of(&error)),
        (true, false) => tx.db.commit().map_err(|error| Unwritable::of(&error)),
    };
    (done, saved)
}

fn why_it_ended(done: &[Done]) -> Unwritable {
    let error = done.iter().find_map(|done| done.error.clone());
    error.unwrap_or_else(|| Unwritable {
        kind: WriteErrorKind::Other,
        reason: "the database ended the transaction".to_owned(),
    })
}
