//! What an attempt means for its delivery.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Delivery, DeliveryOutcome};
use crate::outbox::retry::{Failed, RetryPolicy, jitter};

/// Why a sink does not have a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkError {
    /// Something on this machine; it is tried until it works, because only an operator can mend it.
    Local(String),
    /// The receiver did not take it.
    Receiver {
        reason: String,
        retry_after: Option<SignedDuration>,
    },
    /// The receiver wants nothing more.
    Gone(String),
}

/// A disk or a permission is mended at any time, and then nobody should wait for a day.
const LOCAL: RetryPolicy = RetryPolicy {
    longest_wait: SignedDuration::from_hours(1),
    give_up_after: SignedDuration::MAX,
};

const RECEIVER: RetryPolicy = RetryPolicy {
    longest_wait: SignedDuration::from_hours(24),
    give_up_after: SignedDuration::from_hours(5 * 24),
};

impl SinkError {
    pub fn reason(&self) -> &str {
        match self {
            Self::Local(reason) | Self::Receiver { reason, .. } | Self::Gone(reason) => reason,
        }
    }
}

/// What to record about an attempt.
pub fn outcome(delivery: &Delivery, error: &SinkError, now: Timestamp) -> DeliveryOutcome {
    let attempts = delivery.attempts.saturating_add(1);
    let next_try = |policy: RetryPolicy, retry_after| {
        let failed = Failed {
            attempts,
            written_at: delivery.failing_since.unwrap_or(now),
            retry_after,
        };
        policy.next_try(&failed, jitter(delivery.id.0, attempts), now)
    };
    let next_try_at = match error {
        SinkError::Local(_) => next_try(LOCAL, None),
        SinkError::Receiver { retry_after, .. } => next_try(RECEIVER, *retry_after),
        SinkError::Gone(_) => None,
    };
    DeliveryOutcome::Failed {
        reason: error.reason().to_owned(),
        next_try_at,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::delivery;
    use super::*;
    use crate::model::DeliveryState;

    fn next_try(failing_for: i64, error: &SinkError) -> Option<Timestamp> {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365);
        let delivery = Delivery {
            attempts: 20,
            failing_since: Some(now - SignedDuration::from_hours(failing_for)),
            ..delivery(1, DeliveryState::Pending)
        };
        match outcome(&delivery, error, now) {
            DeliveryOutcome::Failed { next_try_at, .. } => next_try_at,
            DeliveryOutcome::Delivered { .. } => panic!("it failed"),
        }
    }

    #[test]
    fn a_receiver_is_given_up_after_days_and_the_own_machine_never() {
        let reason = || "of no concern".to_owned();
        let receiver = SinkError::Receiver {
            reason: reason(),
            retry_after: None,
        };
        assert!(next_try(24, &receiver).is_some());
        assert!(next_try(24 * 6, &receiver).is_none());
        assert!(next_try(24 * 90, &SinkError::Local(reason())).is_some());
        assert!(next_try(0, &SinkError::Gone(reason())).is_none());
    }

    #[test]
    fn a_failure_is_recorded_in_the_words_of_the_sink() {
        let reason = || "disk full".to_owned();
        let receiver = SinkError::Receiver {
            reason: reason(),
            retry_after: None,
        };
        for error in [
            SinkError::Local(reason()),
            receiver,
            SinkError::Gone(reason()),
        ] {
            let delivery = delivery(1, DeliveryState::Pending);
            match outcome(&delivery, &error, Timestamp::UNIX_EPOCH) {
                DeliveryOutcome::Failed { reason, .. } => assert_eq!(reason, "disk full"),
                DeliveryOutcome::Delivered { .. } => panic!("it failed"),
            }
        }
    }
}
