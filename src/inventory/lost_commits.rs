//! Commits that the database lost: a standby took over that had not received them. Each node finds out by itself, and one
//! of them records it.

use jiff::{SignedDuration, Timestamp};

use super::{Error, Mark, Tx};
use crate::model::{Cause, Event, IncidentKey, NewEvent};

/// The unit of a time in the database.
const TICK: SignedDuration = SignedDuration::from_secs(1);

impl Tx<'_> {
    /// Records that the database has lost `mark`, unless another node has done so: opens an incident, and makes every
    /// token due. Nothing is delivered before it was checked. Returns whether this call recorded it.
    pub fn record_lost_commits(&self, mark: &Mark) -> Result<bool, Error> {
        // The reader may have asked a server that is behind.
        if self.has_mark(mark)? || !self.claim_loss(mark)? {
            return Ok(false);
        }
        let now = self.database_clock()?;
        let after = self.newest_event_at()?;
        self.check_all_anew(now)?;
        let event = Event::CommitsLost { after };
        self.record_event(&NewEvent::from(event), now)?;
        self.open_incident_of_loss(after.unwrap_or(now), now)?;
        Ok(true)
    }

    /// Whether this call is the first about this loss. A loss that was recorded after the mark was read took the mark with
    /// it. The numbers of events tell nothing here: they are given again.
    fn claim_loss(&self, mark: &Mark) -> Result<bool, Error> {
        let known = mark.checked_anew_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let next = known.checked_add(TICK).unwrap_or(known);
        let claimed = self.db.changed(
            "UPDATE totals SET restored_at = ?1 WHERE coalesce(restored_at, 0) <= ?2",
            &[&self.database_clock()?.max(next), &known],
        )?;
        Ok(claimed > 0)
    }

    /// People are notified of each loss, even if they have not acknowledged an earlier one.
    fn open_incident_of_loss(&self, since: Timestamp, now: Timestamp) -> Result<(), Error> {
        let key = IncidentKey::of_database(Cause::CommitsLost);
        let never_a_relapse = Timestamp::MAX;
        let id = self.open_incident(&key, (key.cause, since), never_a_relapse, now)?;
        self.db.run(
            "UPDATE incident SET acknowledged_until = NULL, notified_at = NULL, awaiting_since = NULL,
                escalated_at = NULL, review_at = ?2
             WHERE id = ?1",
            &[&id, &now],
        )
    }
}

#[cfg(test)]
mod tests;
