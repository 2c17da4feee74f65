//! Daemon runs: how often the daemon started, and how often it ended without a clean shutdown.

use jiff::Timestamp;

use super::{Error, Tx, View};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(i64);

/// How many runs are kept: enough to see a pattern.
const KEPT: i64 = 200;

impl View<'_> {
    /// How many runs that began since `since` did not end cleanly. The current run is not counted.
    pub fn crashes(&self, since: Timestamp) -> Result<u32, Error> {
        self.db.value(
            "SELECT count(*) FROM daemon_run
             WHERE ended_at IS NULL AND started_at >= ?1 AND id < (SELECT max(id) FROM daemon_run)",
            &[&since],
        )
    }
}

impl Tx<'_> {
    /// Records that the daemon has started. If the last run crashed, first records which tokens may have caused it.
    /// Then ends what that run had claimed.
    pub fn begin_run(&self, now: Timestamp) -> Result<RunId, Error> {
        self.suspect_after_crash(now)?;
        self.end_claims()?;
        self.end_claimed_attempts(now)?;
        let id: i64 = self
            .db
            .insert("INSERT INTO daemon_run (started_at) VALUES (?1)", &[&now])?;
        self.db
            .run("DELETE FROM daemon_run WHERE id <= ?1", &[&(id - KEPT)])?;
        Ok(RunId(id))
    }

    pub fn end_run(&self, run: RunId, now: Timestamp) -> Result<(), Error> {
        let end = "UPDATE daemon_run SET ended_at = ?2 WHERE id = ?1";
        self.db.run(end, &[&run.0, &now])
    }
}
