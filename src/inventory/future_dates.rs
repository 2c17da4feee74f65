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
    "UPDATE incident SET opened_at = CASE WHEN opened_at > ?1 THEN ?1 ELSE opened_at END,
        notified_at = CASE WHEN notified_at > ?1 THEN ?1 ELSE notified_at END,
        broken_since = CASE WHEN broken_since > ?1 THEN ?1 ELSE broken_since END,
        awaiting_since = CASE WHEN awaiting_since > ?1 THEN ?1 ELSE awaiting_since END,
        escalated_at = CASE WHEN escalated_at > ?1 THEN ?1 ELSE escalated_at END,
        stable_since = CASE WHEN stable_since > ?1 THEN ?1 ELSE stable_since END,
        flapping_notified_at = CASE WHEN flapping_notified_at > ?1 THEN ?1 ELSE flapping_notified_at END,
        review_at = CASE WHEN review_at > ?1 THEN ?1 ELSE review_at END
     WHERE resolved_at IS NULL",
    "UPDATE incident SET resolved_at = ?1 WHERE resolved_at > ?1",
    "UPDATE incident_token SET joined_at = ?1
     WHERE joined_at > ?1 AND incident IN (SELECT id FROM incident WHERE resolved_at IS NULL)",
    "UPDATE email SET created_at = CASE WHEN created_at > ?1 THEN ?1 ELSE created_at END,
        failing_since = CASE WHEN failing_since > ?1 THEN ?1 ELSE failing_since END
     WHERE next_try_at IS NOT NULL",
    "UPDATE login SET opened_at = ?1 WHERE opened_at > ?1",
    "UPDATE login_attempt SET since = ?1 WHERE since > ?1",
    "UPDATE webhook_notice SET at = ?1 WHERE at > ?1",
    "UPDATE data_deletion SET signed_at = CASE WHEN signed_at > ?1 THEN ?1 ELSE signed_at END,
        requested_at = CASE WHEN requested_at > ?1 THEN ?1 ELSE requested_at END",
    // The latest of those in the future stays: two digests cannot have the same tick.
    "DELETE FROM digest WHERE tick >= ?1 AND tick < (SELECT max(tick) FROM digest)",
    "UPDATE digest SET tick = ?1, created_at = ?1 WHERE tick > ?1",
    "UPDATE webhook_subscription SET checked_at = ?1 WHERE checked_at > ?1",
    "UPDATE daemon_run SET started_at = ?1 WHERE started_at > ?1",
    "UPDATE app SET failing_since = ?1 WHERE failing_since > ?1",
];

/// Times of what is to end, and how long from now they can be at most. A later one came from the wrong
/// clock. That time is `?1`.
const LATEST: &[(&str, SignedDuration)] = &[
    (
        "UPDATE app SET resume_at = 0 WHERE resume_at > ?1",
        LONGEST_WAIT,
    ),
    (
        "UPDATE login SET expires_at = ?1 WHERE expires_at > ?1",
        LONGEST_LINK,
    ),
    (
        "UPDATE login_attempt SET expires_at = ?1 WHERE expires_at > ?1",
        LONGEST_CLICK,
    ),
];

impl Tx<'_> {
    /// Corrects the stored times. Call this when the clock is known to be right. It also makes open incidents due for
    /// review.
    pub fn fix_future_dates(&self, now: Timestamp) -> Result<(), Error> {
        for heal in HAPPENED {
            self.db.run(heal, &[&now])?;
        }
        for (heal, longest) in LATEST {
            let latest = now.checked_add(*longest).unwrap_or(Timestamp::MAX);
            self.db.run(heal, &[&latest])?;
        }
        let latest = now.checked_add(LONGEST_WAIT).unwrap_or(Timestamp::MAX);
        let retry = "UPDATE email SET next_try_at = ?2 WHERE next_try_at > ?1";
        self.db.run(retry, &[&latest, &now])
    }
}
