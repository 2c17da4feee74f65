//! Counts the calls of the last hour.

use std::collections::VecDeque;

use jiff::Timestamp;

/// Calls of the last hour, by minute.
#[derive(Debug, Default)]
pub(super) struct Meter {
    minutes: VecDeque<(i64, u32)>,
    total: u32,
}

impl Meter {
    /// Counts a call and returns the new total.
    pub(super) fn count(&mut self, now: Timestamp) -> u32 {
        let minute = minute_of(now);
        self.drop_before(minute - 59);
        match self.minutes.back_mut() {
            Some((last, calls)) if *last == minute => *calls += 1,
            Some(_) | None => self.minutes.push_back((minute, 1)),
        }
        self.total += 1;
        self.total
    }

    pub(super) fn total(&mut self, now: Timestamp) -> u32 {
        self.drop_before(minute_of(now) - 59);
        self.total
    }

    /// Returns the total as of the last call.
    pub(super) const fn counted(&self) -> u32 {
        self.total
    }

    fn drop_before(&mut self, minute: i64) {
        while let Some((first, calls)) = self.minutes.front().copied() {
            if first >= minute {
                break;
            }
            self.total -= calls;
            self.minutes.pop_front();
        }
    }

    /// Returns the minutes until the oldest calls of the hour no longer count.
    pub(super) fn minutes_to_regain(&self, now: Timestamp) -> i64 {
        let minute = minute_of(now);
        self.minutes
            .front()
            .map_or(0, |(first, _)| (first + 60 - minute).max(1))
    }
}

fn minute_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60)
}
