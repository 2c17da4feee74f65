//! Ends clicks that were never finished, and deletes logins that are no longer needed.

use jiff::Timestamp;

use super::{CODE, REMEMBERED, TAKEN, before};
use crate::inventory::{Error, Tx};
use crate::model::{AttemptId, Ending, LoginError};

impl Tx<'_> {
    /// Ends lost clicks: those that were claimed and not finished, because the daemon was interrupted and the code may
    /// be used up; and those whose code was not claimed while it was valid.
    pub fn end_lost_attempts(&self, now: Timestamp) -> Result<usize, Error> {
        let mut lost = self.db.prepare_cached(
            "SELECT id FROM login_attempt
             WHERE phase = 'claimed' AND since <= ?1 OR phase = 'answered' AND since <= ?2",
        )?;
        let ages = [before(now, TAKEN), before(now, CODE)].map(Timestamp::as_second);
        let lost = lost.query_map(ages, |row| row.get(0))?;
        let lost: Vec<i64> = lost.collect::<Result<_, _>>()?;
        self.end_as_lost(&lost, now)?;
        Ok(lost.len())
    }

    /// Ends the clicks that an earlier run of the daemon claimed. That run has ended, so they are lost now, not after a
    /// while.
    pub(in crate::inventory) fn end_claimed_attempts(&self, now: Timestamp) -> Result<(), Error> {
        let mut claimed = self
            .db
            .prepare_cached("SELECT id FROM login_attempt WHERE phase = 'claimed'")?;
        let claimed = claimed.query_map([], |row| row.get(0))?;
        let claimed: Vec<i64> = claimed.collect::<Result<_, _>>()?;
        self.end_as_lost(&claimed, now)
    }

    fn end_as_lost(&self, attempts: &[i64], now: Timestamp) -> Result<(), Error> {
        let ending = Ending::Failed {
            why: LoginError::Lost,
            code: None,
        };
        attempts
            .iter()
            .try_for_each(|id| self.end_attempt(AttemptId(*id), &ending, now))
    }

    /// Deletes logins that are no longer shown, 1,000 at most. The next call deletes more.
    pub fn delete_old_logins(&self, now: Timestamp) -> Result<usize, Error> {
        let mut forget = self.db.prepare_cached(
            "DELETE FROM login WHERE id IN (
                SELECT id FROM login WHERE expires_at <= ?1 LIMIT 1000)",
        )?;
        Ok(forget.execute([before(now, REMEMBERED).as_second()])?)
    }
}
