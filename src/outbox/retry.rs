//! When something that could not be sent is tried again, and when it is given up. Pure.

use jiff::{SignedDuration, Timestamp};

/// The waits after each failed attempt, as Standard Webhooks 1.0.0 recommends; the last one repeats.
const WAITS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// The longest wait that a receiver may ask for.
const LONGEST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// By how much of itself a wait may be longer, so that receivers that failed together are not tried together again.
const SPREAD: f64 = 0.1;

/// The limits for one kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Longer waits of the schedule are cut to this.
    pub longest_wait: SignedDuration,
    /// After this long, counted from when the message was written, it is given up.
    pub give_up_after: SignedDuration,
}

/// A message that could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// How many attempts have failed, including the last one.
    pub attempts: u32,
    pub written_at: Timestamp,
    /// How long the receiver asked to wait.
    pub retry_after: Option<SignedDuration>,
}

impl RetryPolicy {
    /// When the next attempt is, never earlier than the receiver asked for; `None` when the message is given up.
    /// `jitter` is between 0 and 1.
    pub fn next_try(&self, failed: &Failed, jitter: f64, now: Timestamp) -> Option<Timestamp> {
        let asked = failed.retry_after.unwrap_or_default();
        let wait = spread(self.wait(failed.attempts), jitter);
        let next = now
            .checked_add(wait.max(asked.min(LONGEST_RETRY_AFTER)))
            .ok()?;
        (next.duration_since(failed.written_at) <= self.give_up_after).then_some(next)
    }

    /// The wait after this many failed attempts, without jitter.
    pub fn wait(&self, attempts: u32) -> SignedDuration {
        let [.., last] = WAITS;
        let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = WAITS.get(place).copied().unwrap_or(last);
        wait.min(self.longest_wait)
    }
}

fn spread(wait: SignedDuration, jitter: f64) -> SignedDuration {
    let longer = wait.as_secs_f64() * (1.0 + SPREAD * jitter.clamp(0.0, 1.0));
    SignedDuration::try_from_secs_f64(longer).unwrap_or(wait)
}

/// A jitter that is always the same for the same message and attempt, and as good as random between messages.
pub fn jitter(message: i64, attempts: u32) -> f64 {
    let mut bits = message.cast_unsigned() ^ (u64::from(attempts) << 32);
    for factor in [0xBF58_476D_1CE4_E5B9_u64, 0x94D0_49BB_1331_11EB] {
        bits = bits.wrapping_add(0x9E37_79B9_7F4A_7C15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(factor);
    }
    let top = u32::try_from(bits >> 32).unwrap_or(u32::MAX);
    f64::from(top) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        longest_wait: SignedDuration::from_hours(24),
        give_up_after: SignedDuration::from_hours(5 * 24),
    };

    fn failed(attempts: u32) -> Failed {
        Failed {
            attempts,
            written_at: Timestamp::UNIX_EPOCH,
            retry_after: None,
        }
    }

    fn wait_of(policy: &RetryPolicy, failed: &Failed, jitter: f64) -> Option<i64> {
        let now = Timestamp::UNIX_EPOCH;
        let next = policy.next_try(failed, jitter, now)?;
        Some(next.duration_since(now).as_secs())
    }

    #[test]
    fn the_schedule_is_that_of_standard_webhooks_and_its_last_wait_repeats() {
        const HOUR: i64 = 3_600;
        let waits: Vec<_> = (1..=11)
            .filter_map(|attempts| wait_of(&POLICY, &failed(attempts), 0.0))
            .collect();
        let hours = [2, 5, 10, 14, 20, 24, 24, 24].map(|hours| hours * HOUR);
        assert_eq!(waits, [&[5, 300, 1_800][..], &hours].concat());
        assert_eq!(wait_of(&POLICY, &failed(u32::MAX), 0.0), Some(24 * HOUR));
    }

    #[test]
    fn jitter_makes_a_wait_longer_by_a_tenth_at_most() {
        assert_eq!(wait_of(&POLICY, &failed(2), 0.5), Some(315));
        assert_eq!(wait_of(&POLICY, &failed(2), 1.0), Some(330));
        for (wrong, wait) in [(-7.0, 300), (7.0, 330), (f64::NAN, 300)] {
            assert_eq!(wait_of(&POLICY, &failed(2), wrong), Some(wait), "{wrong}");
        }
        let jitters: Vec<f64> = (0..1_000).map(|message| jitter(message, 3)).collect();
        let mean = jitters.iter().sum::<f64>() / 1_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        assert!(jitters.iter().all(|jitter| (0.0..=1.0).contains(jitter)));
    }

    #[test]
    fn a_receiver_is_not_tried_before_the_time_that_it_asked_for() {
        for (asked, wait) in [
            (0, 300),
            (10, 300),
            (7_200, 7_200),
            (-5, 300),
            (1_000_000, 24 * 3_600),
        ] {
            let failed = Failed {
                retry_after: Some(SignedDuration::from_secs(asked)),
                ..failed(2)
            };
            assert_eq!(wait_of(&POLICY, &failed, 0.0), Some(wait), "{asked}");
        }
    }

    #[test]
    fn what_is_too_old_for_another_attempt_is_given_up() {
        let hours = SignedDuration::from_hours;
        for (age, next) in [(0, true), (95, true), (96, true), (97, false), (500, false)] {
            let now = Timestamp::UNIX_EPOCH + hours(age);
            let tried = POLICY.next_try(&failed(12), 0.0, now);
            assert_eq!(tried, next.then(|| now + hours(24)), "{age} h");
        }
    }

    #[test]
    fn a_policy_may_have_shorter_waits() {
        let policy = RetryPolicy {
            longest_wait: SignedDuration::from_hours(4),
            ..POLICY
        };
        let hours = |attempts| policy.wait(attempts).as_hours();
        assert_eq!([4, 5, 6, 99].map(hours), [2, 4, 4, 4]);
        assert_eq!(policy.wait(0), policy.wait(1));
    }
}
