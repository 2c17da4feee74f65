//! Daemon runs: how often the daemon started, and how often it ended without a clean shutdown.

use jiff::Timestamp;

use super::{Error, Tx, View};
use crate::model::Node;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(i64);

/// How many runs are kept: enough to see a pattern.
const KEPT: i64 = 200;

impl View<'_> {
    /// How many runs of a node that began since `since` did not end cleanly. The current run is not counted. The node has
    /// no name where only one daemon can use the inventory.
    pub fn crashes(&self, node: &str, since: Timestamp) -> Result<u32, Error> {
        self.db.value(
            "SELECT count(*) FROM daemon_run WHERE node = ?1 AND ended_at IS NULL AND started_at >= ?2
                AND id < (SELECT max(id) FROM daemon_run WHERE node = ?1)",
            &[&node, &since],
        )
    }
}

impl Tx<'_> {
    /// Records that the daemon has started. If the last run crashed, first records which tokens may have caused it.
    /// Then ends what that run had claimed.
    pub fn begin_run(&self, now: Timestamp) -> Result<RunId, Error> {
        self.suspect_after_crash("", &self.claimed_tokens()?, now)?;
        self.end_claims()?;
        self.end_claimed_attempts(now)?;
        self.add_run("", now)
    }

    /// The same for one of several nodes. What the others have in hand is left alone.
    pub fn begin_run_of(&self, node: &Node, now: Timestamp) -> Result<RunId, Error> {
        let name = &node.name;
        self.suspect_after_crash(name, &self.claimed_by_node(name)?, now)?;
        self.end_claims_of_node(name)?;
        self.add_run(name, now)
    }

    fn add_run(&self, node: &str, now: Timestamp) -> Result<RunId, Error> {
        let add = "INSERT INTO daemon_run (node, started_at) VALUES (?1, ?2)";
        let id: i64 = self.db.insert(add, &[&node, &now])?;
        self.db
            .run("DELETE FROM daemon_run WHERE id <= ?1", &[&(id - KEPT)])?;
        Ok(RunId(id))
    }

    pub fn end_run(&self, run: RunId, now: Timestamp) -> Result<(), Error> {
        let end = "UPDATE daemon_run SET ended_at = ?2 WHERE id = ?1";
        self.db.run(end, &[&run.0, &now])
    }
}
