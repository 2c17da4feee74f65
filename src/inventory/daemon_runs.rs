//! How often the daemon started, and how often it did not come to an orderly end.

use jiff::Timestamp;
use rusqlite::params;

use super::{Error, Tx, View};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(i64);

/// Enough to see a pattern in.
const KEPT: u32 = 200;

impl View<'_> {
    /// How many of those that began since then came to no orderly end; the one that runs is not among them.
    pub fn crashes(&self, since: Timestamp) -> Result<u32, Error> {
        let mut count = self.db.prepare_cached(
            "SELECT count(*) FROM daemon_run
             WHERE ended_at IS NULL AND started_at >= ?1 AND id < (SELECT max(id) FROM daemon_run)",
        )?;
        Ok(count.query_row([since.as_second()], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// The daemon has begun to run. What an earlier run had at hand is nobody's any more; of which tokens that run may
    /// have died is noted first.
    pub fn begin_run(&self, now: Timestamp) -> Result<RunId, Error> {
        self.suspect_after_crash(now)?;
        self.end_leases()?;
        self.end_claimed_attempts(now)?;
        let id = self
            .db
            .prepare_cached("INSERT INTO daemon_run (started_at) VALUES (?1) RETURNING id")?
            .query_row([now.as_second()], |row| row.get(0))?;
        self.db
            .prepare_cached("DELETE FROM daemon_run WHERE id <= ?1 - ?2")?
            .execute(params![id, KEPT])?;
        Ok(RunId(id))
    }

    pub fn end_run(&self, life: RunId, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE daemon_run SET ended_at = ?2 WHERE id = ?1")?
            .execute(params![life.0, now.as_second()])?;
        Ok(())
    }
}
