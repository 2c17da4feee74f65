//! Ends clicks that were never finished, and deletes logins that are no longer needed.

use jiff::Timestamp;

use super::{CODE, REMEMBERED, TAKEN, before};
use crate::inventory::{Error, Tx};
use crate::model::{AttemptId, Ending, LoginError};

impl Tx<'_> {
    /// Ends lost clicks: those that were claimed and not finished, because the daemon was interrupted and the code may
    /// be used up; and those whose code was not claimed while it was valid.
    pub fn end_lost_attempts(&self, now: Timestamp) -> Result<usize, Error> {
        let lost: Vec<AttemptId> = self.db.values(
            "SELECT id FROM login_attempt
             WHERE phase = 'claimed' AND since <= ?1 OR phase = 'answered' AND since <= ?2
             ORDER BY id",
            &[&before(now, TAKEN), &before(now, CODE)],
        )?;
        self.end_as_lost(&lost, now)?;
        Ok(lost.len())
    }

    /// Ends the clicks that an earlier run of the daemon claimed. That run has ended, so they are lost now, not after a
    /// while.
    pub(in crate::inventory) fn end_claimed_attempts(&self, now: Timestamp) -> Result<(), Error> {
        let claimed = "SELECT id FROM login_attempt WHERE phase = 'claimed' ORDER BY id";
        let claimed: Vec<AttemptId> = self.db.values(claimed, &[])?;
        self.end_as_lost(&claimed, now)
    }

    fn end_as_lost(&self, attempts: &[AttemptId], now: Timestamp) -> Result<(), Error> {
        let ending = Ending::Failed {
            why: LoginError::Lost,
            code: None,
        };
        attempts
            .iter()
            .try_for_each(|id| self.end_attempt(*id, &ending, now))
    }

    /// Deletes logins that are no longer shown, 1,000 at most. The next call deletes more.
    pub fn delete_old_logins(&self, now: Timestamp) -> Result<usize, Error> {
        self.db.changed(
            "DELETE FROM login WHERE id IN (
                SELECT id FROM login WHERE expires_at <= ?1 LIMIT 1000)",
            &[&before(now, REMEMBERED)],
        )
    }
}
