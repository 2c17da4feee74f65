//! How much work the database does. It shows whether the cost of a token grows with the fleet, on any machine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the database did since the inventory was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Statements run, including those that begin and end a transaction.
    pub statements: u64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Steps of SQLite's virtual machine. A server does not count any.
    pub steps: u64,
}

/// The counters of all connections of an inventory.
#[derive(Debug, Default)]
pub(in crate::inventory) struct Counters {
    statements: AtomicU64,
    rows: AtomicU64,
    steps: AtomicU64,
    /// When the connection that writes last began or ended a call to a server.
    writer_called: Mutex<Option<Instant>>,
}

/// A call to a server ends within it, however the server and the way to it fail.
const LONGEST_CALL: Duration = Duration::from_secs(60);

/// The work of one prepared statement. Adding it once, when the statement is no longer used, costs less than at each
/// run.
#[derive(Debug, Default)]
pub(super) struct StatementWork {
    pub(super) runs: u64,
    pub(super) rows: u64,
}

impl Counters {
    pub(in crate::inventory) fn read(&self) -> Work {
        Work {
            statements: self.statements.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            steps: self.steps.load(Ordering::Relaxed),
        }
    }

    pub(super) fn writer_calls(&self) {
        *self.writer_called() = Some(Instant::now());
    }

    /// Whether the connection that writes is at work with a server, which may keep it waiting.
    pub(in crate::inventory) fn is_writer_calling(&self) -> bool {
        let called = *self.writer_called();
        called.is_some_and(|at| at.elapsed() < LONGEST_CALL)
    }

    fn writer_called(&self) -> MutexGuard<'_, Option<Instant>> {
        let called = self.writer_called.lock();
        called.unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a statement whose rows and steps are not known.
    pub(super) fn add_one(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add(&self, work: &StatementWork, steps: u64) {
        self.statements.fetch_add(work.runs, Ordering::Relaxed);
        self.rows.fetch_add(work.rows, Ordering::Relaxed);
        self.steps.fetch_add(steps, Ordering::Relaxed);
    }
}
