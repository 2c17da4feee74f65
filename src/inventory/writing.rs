//! Writing to the inventory, and whether it is possible: the last error, until a write succeeds again.

use std::sync::{MutexGuard, PoisonError};

use super::writer::BatchContext;
use super::{Error, Inventory, Shared, Tx, Unwritable, WriteErrorKind, copy};

const READ_ALONE: &str = "the inventory cannot be written to; reads go on, and writing is retried";
const UNREACHABLE: &str =
    "the inventory can be neither read nor written to; the daemon keeps trying";

/// With less free space than this, in bytes, a disk counts as full.
const ROOM: u64 = 256 << 10;

impl Inventory {
    /// Runs `job` in a transaction. Jobs that wait at the same time share one commit. The result is durable when this
    /// returns.
    pub async fn write<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.run(job, BatchContext::Others).await
    }

    /// Runs a job that may change hundreds of rows, in a transaction of its own. To share one, it would need a copy of
    /// every page that it changes.
    pub async fn write_alone<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.run(job, BatchContext::Alone).await
    }

    /// The same for a job that can be run again: once more if another transaction was in the way of the first one.
    pub async fn write_alone_again<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&Tx<'_>) -> Result<T, Error> + Clone + Send + 'static,
    {
        match self.write_alone(job.clone()).await {
            Err(error) if error.is_conflict() => self.write_alone(job).await,
            written => written,
        }
    }

    async fn run<T, F>(&self, job: F, wanted: BatchContext) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let held = self.1.clone();
        let checked = move |tx: &Tx<'_>| {
            held.map_or(Ok(()), |held| held.check(tx))?;
            job(tx)
        };
        self.run_unchecked(checked, wanted).await
    }

    /// Writes even if the duty that this handle is for was lost: what must never be lost with it.
    pub(super) async fn write_regardless<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.run_unchecked(job, BatchContext::Others).await
    }

    async fn run_unchecked<T, F>(&self, job: F, wanted: BatchContext) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let written = self.0.writer.run(job, wanted).await;
        self.0.update_write_error(&written);
        written
    }

    /// Checks that the writer responds. It writes nothing, so it says nothing about the disk.
    pub async fn ping(&self) -> Result<(), Error> {
        self.0.writer.run(|_| Ok(()), BatchContext::Others).await
    }

    /// Whether the writer is at work with a server, which may keep it from answering a [`Self::ping`].
    pub fn is_writer_calling(&self) -> bool {
        self.0.counters.is_writer_calling()
    }

    /// Why the last attempt to write failed, if the cause was the disk or the file.
    pub fn write_error(&self) -> Option<Unwritable> {
        self.0.write_error().clone()
    }
}

/// Says what does not work, why, and what to do about it.
pub(super) fn log(why: &Unwritable) {
    let what = match why.kind {
        WriteErrorKind::Unreachable => UNREACHABLE,
        WriteErrorKind::Full
        | WriteErrorKind::ReadOnly
        | WriteErrorKind::Locked
        | WriteErrorKind::Standby
        | WriteErrorKind::Conflict
        | WriteErrorKind::OtherSchema
        | WriteErrorKind::Other => READ_ALONE,
    };
    tracing::error!("{what}: {why}");
}

impl Shared {
    /// Logs once when writing begins to fail, and once when it works again. An error of the job itself says nothing
    /// about the disk.
    pub(super) fn update_write_error<T>(&self, written: &Result<T, Error>) {
        let found = match written {
            // On a full disk a small write may succeed where real work fails.
            Ok(_) if self.is_still_full() => return,
            Ok(_) => None,
            Err(error) if error.write_error_kind().is_some() => Some(Unwritable::of(error)),
            Err(_) => return,
        };
        let mut known = self.write_error();
        match (&*known, &found) {
            (Some(before), Some(now)) if before.kind == now.kind => {}
            (_, Some(now)) => log(now),
            (Some(_), None) => tracing::info!("the inventory can be written to again"),
            (None, None) => {}
        }
        *known = found;
    }

    fn write_error(&self) -> MutexGuard<'_, Option<Unwritable>> {
        let known = self.write_error.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_still_full(&self) -> bool {
        let is_full = matches!(&*self.write_error(), Some(why) if why.kind == WriteErrorKind::Full);
        if !is_full {
            return false;
        }
        let free = self.place.file().and_then(|path| copy::free_beside(path));
        free.is_some_and(|free| free < ROOM)
    }
}
