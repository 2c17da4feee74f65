//! Corrects times that a wrong clock has put into the future. Without this, whatever waits for such a time would wait
//! until the calendar reaches it. Each sweep corrects when a token is due and when it was tried.

use jiff::{SignedDuration, Timestamp};

use super::{Error, Tx};

/// No retry waits longer than this, not even for an email that failed often.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(25);
/// No login link is valid for longer, and no click on one.
const LONGEST_LINK: SignedDuration = SignedDuration::from_hours(31 * 24);
const LONGEST_CLICK: SignedDuration = SignedDuration::from_hours(2);

/// Times of what has happened already. One in the future becomes now, which is `?1`.
const HAPPENED: &[&str] = &[
    "UPDATE event SET at = ?1
     WHERE id > (SELECT coalesce(max(id), 0) FROM event) - 1000 AND at > ?1",
    "UPDATE incident SET opened_at = min(opened_at, ?1), notified_at = min(notified_at, ?1),
        broken_since = min(broken_since, ?1), awaiting_since = min(awaiting_since, ?1),
        escalated_at = min(escalated_at, ?1), stable_since = min(stable_since, ?1),
        flapping_notified_at = min(flapping_notified_at, ?1), review_at = min(review_at, ?1)
     WHERE resolved_at IS NULL",
    "UPDATE incident SET resolved_at = ?1 WHERE resolved_at > ?1",
    "UPDATE incident_token SET joined_at = ?1
     WHERE joined_at > ?1 AND incident IN (SELECT id FROM incident WHERE resolved_at IS NULL)",
    "UPDATE email SET created_at = min(created_at, ?1), failing_since = min(failing_since, ?1)
     WHERE next_try_at IS NOT NULL",
    "UPDATE login SET opened_at = ?1 WHERE opened_at > ?1",
    "UPDATE login_attempt SET since = ?1 WHERE since > ?1",
    "UPDATE webhook_notice SET at = ?1 WHERE at > ?1",
    "UPDATE data_deletion SET signed_at = min(signed_at, ?1), requested_at = min(requested_at, ?1)",
    "UPDATE OR REPLACE digest SET tick = ?1, created_at = ?1 WHERE tick > ?1",
    "UPDATE webhook_subscription SET checked_at = ?1 WHERE checked_at > ?1",
    "UPDATE daemon_run SET started_at = ?1 WHERE started_at > ?1",
    "UPDATE app SET failing_since = ?1 WHERE failing_since > ?1",
];

impl Tx<'_> {
    /// Corrects the stored times. Call this when the clock is known to be right. It also makes open incidents due for
    /// review.
    pub fn fix_future_dates(&self, now: Timestamp) -> Result<(), Error> {
        for heal in HAPPENED {
            self.db.run(heal, &[&now])?;
        }
        for (heal, longest) in [
            (
                "UPDATE email SET next_try_at = ?1 WHERE next_try_at > ?2",
                LONGEST_WAIT,
            ),
            (
                "UPDATE app SET resume_at = 0 WHERE resume_at > ?2 AND ?1 > 0",
                LONGEST_WAIT,
            ),
            (
                "UPDATE login SET expires_at = ?2 WHERE expires_at > ?2 AND ?1 > 0",
                LONGEST_LINK,
            ),
            (
                "UPDATE login_attempt SET expires_at = ?2 WHERE expires_at > ?2 AND ?1 > 0",
                LONGEST_CLICK,
            ),
        ] {
            let latest = now.checked_add(longest).unwrap_or(Timestamp::MAX);
            self.db.run(heal, &[&now, &latest])?;
        }
        Ok(())
    }
}
