//! Back-off for each recipient that was temporarily refused, whatever emails wait for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::delivery_error::DeliveryError;
use super::message::Recipient;

/// The waits between attempts; the last one repeats.
const RETRY_AFTER: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(4),
];

/// A back-off that ended this long ago is forgotten.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Default)]
pub(super) struct RecipientBackoff(Mutex<HashMap<String, Backoff>>);

#[derive(Clone, Debug)]
struct Backoff {
    rejections: u32,
    until: Timestamp,
    reason: DeliveryError,
}

impl Backoff {
    /// Compares whole seconds, as the inventory stores them, so that an email that is due there is due here too.
    fn lasts(&self, now: Timestamp) -> bool {
        self.until.as_second() > now.as_second()
    }
}

/// The wait after this many attempts.
pub(super) fn wait(attempts: u32) -> SignedDuration {
    let [.., last] = RETRY_AFTER;
    let attempt = usize::try_from(attempts).unwrap_or(usize::MAX);
    RETRY_AFTER.get(attempt).copied().unwrap_or(last)
}

impl RecipientBackoff {
    /// Removes recipients in back-off from `to`. Returns the earliest end of a back-off and its reason.
    pub(super) fn set_aside(
        &self,
        to: &mut Vec<Recipient>,
        now: Timestamp,
    ) -> Option<(Timestamp, DeliveryError)> {
        let backoffs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lasting = |name: &str| backoffs.get(name).filter(|backoff| backoff.lasts(now));
        let found = to.iter().filter_map(|recipient| lasting(&recipient.name));
        let first = found.min_by_key(|backoff| backoff.until);
        let first = first.map(|backoff| (backoff.until, backoff.reason.clone()));
        to.retain(|recipient| lasting(&recipient.name).is_none());
        first
    }

    /// Starts or extends the back-off of a recipient. Returns its end.
    pub(super) fn put_off(
        &self,
        receiver: &str,
        reason: &DeliveryError,
        now: Timestamp,
    ) -> Timestamp {
        let mut backoffs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        backoffs.retain(|_, rest| now.duration_since(rest.until) < FORGOTTEN_AFTER);
        let rejections = backoffs.get(receiver).map_or(0, |rest| rest.rejections);
        let until = now.checked_add(wait(rejections)).unwrap_or(Timestamp::MAX);
        let rest = Backoff {
            rejections: rejections + 1,
            until,
            reason: reason.clone(),
        };
        backoffs.insert(receiver.to_owned(), rest);
        until
    }

    pub(super) fn answered(&self, receiver: &str) {
        let mut backoffs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        backoffs.remove(receiver);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_never_end() {
        let minutes = |attempts| wait(attempts).as_mins();
        assert_eq!([0, 1, 2, 3, 4].map(minutes), [1, 5, 15, 60, 240]);
        assert_eq!(minutes(1_000), 240);
    }

    #[test]
    fn only_a_recipient_in_backoff_is_skipped() {
        let now = Timestamp::UNIX_EPOCH;
        let backoff = RecipientBackoff::default();
        let later = DeliveryError::Later("greylisted".to_owned());
        let until = backoff.put_off("slow@example.com", &later, now);
        assert_eq!(until, now + SignedDuration::from_mins(1));

        let recipients = || {
            vec![
                recipient("slow@example.com"),
                recipient("quick@example.com"),
            ]
        };
        let mut to = recipients();
        assert_eq!(
            backoff.set_aside(&mut to, now),
            Some((until, later.clone()))
        );
        assert_eq!(to.len(), 1);
        let mut to = recipients();
        assert_eq!(backoff.set_aside(&mut to, until), None);
        assert_eq!(to.len(), 2);

        let again = backoff.put_off("slow@example.com", &later, until);
        assert_eq!(again, until + SignedDuration::from_mins(5));
        backoff.answered("slow@example.com");
        assert_eq!(backoff.set_aside(&mut recipients(), until), None);
    }

    fn recipient(address: &str) -> Recipient {
        Recipient {
            name: address.to_owned(),
            address: address.parse().unwrap(),
        }
    }
}
