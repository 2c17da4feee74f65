//! How much work the database does. It shows whether the cost of a token grows with the fleet, on any machine.

use std::sync::atomic::{AtomicU64, Ordering};

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
}

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
