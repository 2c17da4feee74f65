//! How many calls an app may still make: its own count of the last hour, reduced by the usage that Meta reports. Pure;
//! the budget is stored after each pass, so that it survives a restart.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{VersionNews, VersionNotice, VersionNotices};

/// What one or more calls used, and what their headers reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls as Meta counts them: each entry of a batch is one.
    pub calls: u32,
    /// The highest of Meta's usage meters; 100 means throttled. `None` if Meta sent none.
    pub percent: Option<u8>,
    /// How long a current limit will last, by Meta's estimate.
    pub regain: Option<Duration>,
    /// The Graph version that answered, if it is not the configured one.
    pub served_version: Option<String>,
    /// Meta's warning that the version ends in the Marketing API.
    pub version_warning: Option<VersionNotice>,
    /// Meta refused a call because its version has ended in the Marketing API.
    pub version_refusal: Option<VersionNotice>,
    /// Meta's time.
    pub served_at: Option<Timestamp>,
}

/// The call budget of one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Calls by the minute in which they were made, oldest first.
    minutes: Vec<(i64, u32)>,
    meter: Option<Meter>,
    throttle: Option<Throttle>,
    pub version: VersionNotices,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Meter {
    percent: u8,
    read_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Throttle {
    until: Timestamp,
    /// How often the limit was hit again in a row; each time doubles the wait.
    times: u32,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// One more than an hour has, because the oldest minute is only partly over.
const MINUTES_THAT_COUNT: i64 = 61;
/// Usage in percent: above the first value calls are slowed down, above the second they stop.
const SLOW_ABOVE: u8 = 75;
const STOP_ABOVE: u8 = 90;
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(5);
/// The longest back-off by default; Meta may ask for more.
const LONGEST_OWN_WAIT: SignedDuration = HOUR;
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

impl Usage {
    /// Adds the usage of another call.
    pub fn absorb(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.percent = self.percent.max(other.percent);
        self.regain = self.regain.max(other.regain);
        self.served_version = other.served_version.or(self.served_version.take());
        self.version_warning = other.version_warning.or(self.version_warning.take());
        self.version_refusal = other.version_refusal.or(self.version_refusal.take());
        self.served_at = self.served_at.max(other.served_at);
    }
}

impl Budget {
    /// Returns how many calls may be made now.
    pub fn left(&self, calls_per_hour: u32, now: Timestamp) -> u32 {
        if self.throttled_until(now).is_some() {
            return 0;
        }
        let left = calls_per_hour.saturating_sub(self.calls_last_hour(now));
        match self.usage_percent(now) {
            ..=SLOW_ABOVE => left,
            percent @ ..=STOP_ABOVE => {
                let (share, whole) = (STOP_ABOVE - percent + 1, STOP_ABOVE - SLOW_ABOVE + 1);
                let slowed = u64::from(left) * u64::from(share) / u64::from(whole);
                u32::try_from(slowed).unwrap_or(left).max(left.min(1))
            }
            _ => 0,
        }
    }

    /// Counts calls. Returns what is new about the version.
    pub fn spend(&mut self, usage: &Usage, now: Timestamp) -> Vec<VersionNews> {
        let minute = minute(now);
        self.minutes.retain(|(at, _)| counts(*at, minute));
        match self.minutes.iter_mut().find(|(at, _)| *at == minute) {
            Some((_, calls)) => *calls = calls.saturating_add(usage.calls),
            None if usage.calls > 0 => self.minutes.push((minute, usage.calls)),
            None => {}
        }
        if let Some(percent) = usage.percent {
            self.meter = Some(Meter {
                percent,
                read_at: now,
            });
        }
        let (warning, refusal) = (&usage.version_warning, &usage.version_refusal);
        self.version.hear(warning.as_ref(), refusal.as_ref(), now)
    }

    /// Records a rate limit. The wait grows while limits repeat, because Meta prolongs the limit for apps that keep
    /// calling.
    pub fn throttle(&mut self, regain: Option<Duration>, now: Timestamp) {
        let asked = regain.map_or(SignedDuration::ZERO, |wait| {
            SignedDuration::try_from(wait).unwrap_or(LONGEST_WAIT)
        });
        let before = self.throttle.filter(|before| before.is_sane(now));
        let times = match before {
            // Calls that were under way when the limit began do not count as a repetition.
            Some(before) if now < before.until => before.times,
            Some(before) if now < later(before.until, HOUR) => before.times.saturating_add(1),
            Some(_) | None => 0,
        };
        let wait = own_wait(times).max(asked).min(LONGEST_WAIT);
        let until = before.map_or(now, |before| before.until);
        self.throttle = Some(Throttle {
            until: until.max(later(now, wait)),
            times,
        });
    }

    pub fn calls_last_hour(&self, now: Timestamp) -> u32 {
        let minute = minute(now);
        let counted = self.minutes.iter().filter(|(at, _)| counts(*at, minute));
        counted.fold(0, |sum, (_, calls)| sum.saturating_add(*calls))
    }

    /// Returns Meta's latest usage figure. It fades to 0 within an hour, the period that Meta's meters cover.
    pub fn usage_percent(&self, now: Timestamp) -> u8 {
        let Some(meter) = self.meter else {
            return 0;
        };
        let age = now.duration_since(meter.read_at);
        if age.abs() >= HOUR {
            return 0;
        }
        let fresh = HOUR.as_secs() - age.as_secs().max(0);
        u8::try_from(i64::from(meter.percent) * fresh / HOUR.as_secs()).unwrap_or(u8::MAX)
    }

    pub fn throttled_until(&self, now: Timestamp) -> Option<Timestamp> {
        let throttle = self.throttle.filter(|throttle| throttle.is_sane(now))?;
        (now < throttle.until).then_some(throttle.until)
    }

    /// Returns when calls may be made again. `None` if now, or if the limit never allows any.
    pub fn next_free_at(&self, calls_per_hour: u32, now: Timestamp) -> Option<Timestamp> {
        if self.left(calls_per_hour, now) > 0 {
            return None;
        }
        // The budget changes only when the limit ends, a minute leaves the hour, or the meter fades.
        let minutes = self.minutes.iter().map(|(at, _)| end_of(*at));
        let fading = (1..=60).map(|minutes| later(now, SignedDuration::from_mins(minutes)));
        let mut changes: Vec<Timestamp> = minutes
            .chain(fading)
            .chain(self.throttled_until(now))
            .filter(|at| now < *at)
            .collect();
        changes.sort_unstable();
        changes
            .into_iter()
            .find(|at| self.left(calls_per_hour, *at) > 0)
    }
}

impl Throttle {
    /// Ignores an end that is too far ahead: a clock that was set back must not block calls for as long as it was
    /// wrong.
    fn is_sane(&self, now: Timestamp) -> bool {
        self.until.duration_since(now) <= LONGEST_WAIT
    }
}

fn own_wait(times: u32) -> SignedDuration {
    let factor = 2_i32.saturating_pow(times);
    FIRST_WAIT
        .checked_mul(factor)
        .map_or(LONGEST_OWN_WAIT, |wait| wait.min(LONGEST_OWN_WAIT))
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Minutes in the future count too, because the clock may have been set back a little.
fn counts(minute: i64, now: i64) -> bool {
    (now - minute).abs() < MINUTES_THAT_COUNT
}

/// Returns when calls of this minute no longer count.
fn end_of(minute: i64) -> Timestamp {
    Timestamp::from_second((minute + MINUTES_THAT_COUNT) * 60).unwrap_or(Timestamp::MAX)
}

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(expiry: &str) -> Timestamp {
        format!("2026-11-22T{expiry}Z").parse().unwrap()
    }

    fn calls(calls: u32) -> Usage {
        Usage {
            calls,
            ..Usage::default()
        }
    }

    fn metered(percent: u8) -> Usage {
        Usage {
            percent: Some(percent),
            ..Usage::default()
        }
    }

    fn minutes(minutes: u64) -> Option<Duration> {
        Some(Duration::from_secs(minutes * 60))
    }

    #[test]
    fn an_hour_rolls() {
        let mut budget = Budget::default();
        budget.spend(&calls(150), at("10:00:00"));
        budget.spend(&calls(40), at("10:30:59"));
        budget.spend(&calls(1), at("10:30:30"));
        for (now, spent, left) in [
            ("10:31:00", 191, 9),
            ("11:00:59", 191, 9),
            ("11:01:00", 41, 159),
            ("11:30:59", 41, 159),
            ("11:31:00", 0, 200),
        ] {
            assert_eq!(budget.calls_last_hour(at(now)), spent, "{now}");
            assert_eq!(budget.left(200, at(now)), left, "{now}");
        }
        assert_eq!(budget.left(100, at("10:31:00")), 0);
        assert_eq!(budget.next_free_at(200, at("10:31:00")), None);
        assert_eq!(
            budget.next_free_at(191, at("10:31:00")),
            Some(at("11:01:00"))
        );
        assert_eq!(budget.next_free_at(0, at("10:31:00")), None);
    }

    /// No hour holds more calls than allowed, however the calls are spread.
    #[test]
    fn the_ceiling_holds_in_every_hour() {
        let mut budget = Budget::default();
        let mut made: Vec<(i64, u32)> = Vec::new();
        for step in 0..20_000_i64 {
            let second = step * 7;
            let now = Timestamp::from_second(second).unwrap();
            let some = budget.left(200, now).min(u32::try_from(step % 13).unwrap());
            budget.spend(&calls(some), now);
            made.push((second, some));
            let hour = made.iter().rev().take_while(|(at, _)| second - at < 3600);
            assert!(
                hour.map(|(_, calls)| calls).sum::<u32>() <= 200,
                "at {second}"
            );
        }
        assert!(made.iter().map(|(_, calls)| calls).sum::<u32>() > 38 * 190);
        assert!(budget.minutes.len() <= 61);
    }

    #[test]
    fn meters_slow_us_down_and_stop_us_and_fade() {
        for (percent, left) in [
            (0, 160),
            (75, 160),
            (76, 150),
            (83, 80),
            (90, 10),
            (91, 0),
            (255, 0),
        ] {
            let mut budget = Budget::default();
            budget.spend(&metered(percent), at("10:00:00"));
            assert_eq!(budget.left(160, at("10:00:00")), left, "{percent} %");
        }
        let mut budget = Budget::default();
        budget.spend(&metered(100), at("10:00:00"));
        assert_eq!(budget.usage_percent(at("10:00:00")), 100);
        assert_eq!(budget.usage_percent(at("10:30:00")), 50);
        assert_eq!(budget.usage_percent(at("11:00:00")), 0);
        assert_eq!(
            budget.next_free_at(200, at("10:00:00")),
            Some(at("10:06:00"))
        );
        budget.spend(&calls(1), at("10:01:00"));
        assert_eq!(
            budget.usage_percent(at("10:30:00")),
            50,
            "no header, no news"
        );
        budget.spend(&metered(20), at("10:02:00"));
        assert_eq!(budget.usage_percent(at("10:02:00")), 20);
    }

    #[test]
    fn slowed_down_is_not_stopped() {
        let mut budget = Budget::default();
        budget.spend(&metered(90), at("10:00:00"));
        assert_eq!(budget.left(5, at("10:00:00")), 1);
    }

    #[test]
    fn the_wait_grows_while_the_limit_repeats() {
        let mut budget = Budget::default();
        let mut now = at("10:00:00");
        for expected in [5, 10, 20, 40, 60, 60] {
            budget.throttle(None, now);
            let until = budget.throttled_until(now).unwrap();
            assert_eq!(
                until.duration_since(now),
                SignedDuration::from_mins(expected)
            );
            assert_eq!(budget.left(200, now), 0);
            assert_eq!(budget.next_free_at(200, now), Some(until));
            now = until;
            assert_eq!(budget.throttled_until(now), None);
            assert_eq!(budget.left(200, now), 200);
        }
        let quiet = later(now, SignedDuration::from_mins(61));
        budget.throttle(None, quiet);
        let until = budget.throttled_until(quiet).unwrap();
        assert_eq!(until.duration_since(quiet), SignedDuration::from_mins(5));
    }

    #[test]
    fn meta_s_wait_is_respected_within_reason() {
        let now = at("10:00:00");
        for (regain, expected) in [
            (minutes(1), 5),
            (minutes(19), 19),
            (minutes(600), 600),
            (minutes(1_000_000), 24 * 60),
            (Some(Duration::MAX), 24 * 60),
        ] {
            let mut budget = Budget::default();
            budget.throttle(regain, now);
            let until = budget.throttled_until(now).unwrap();
            assert_eq!(
                until.duration_since(now),
                SignedDuration::from_mins(expected)
            );
        }
    }

    #[test]
    fn calls_under_way_when_the_limit_strikes_do_not_double_the_wait() {
        let mut budget = Budget::default();
        for _ in 0..4 {
            budget.throttle(None, at("10:00:00"));
        }
        assert_eq!(budget.throttled_until(at("10:00:00")), Some(at("10:05:00")));
        budget.throttle(minutes(30), at("10:01:00"));
        assert_eq!(budget.throttled_until(at("10:01:00")), Some(at("10:31:00")));
        budget.throttle(minutes(1), at("10:02:00"));
        assert_eq!(budget.throttled_until(at("10:02:00")), Some(at("10:31:00")));
    }

    #[test]
    fn a_clock_set_back_does_not_lock_us_out() {
        let mut budget = Budget::default();
        budget.spend(&calls(200), at("10:00:00"));
        budget.spend(&metered(100), at("10:00:00"));
        budget.throttle(None, at("10:00:00"));
        let a_month_ago = later(at("10:00:00"), SignedDuration::from_hours(-24 * 30));
        assert_eq!(budget.left(200, a_month_ago), 200);
        assert_eq!(budget.throttled_until(a_month_ago), None);
        assert_eq!(
            budget.left(200, at("09:50:00")),
            0,
            "a little is not a reason to forget"
        );
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let mut budget = Budget::default();
        budget.spend(&calls(7), at("10:00:00"));
        budget.spend(&metered(50), at("10:00:00"));
        budget.throttle(minutes(30), at("10:00:00"));
        let stored = serde_json::to_string(&budget).unwrap();
        assert_eq!(serde_json::from_str::<Budget>(&stored).unwrap(), budget);
        assert_eq!(
            serde_json::from_str::<Budget>("{}").unwrap(),
            Budget::default()
        );
    }

    #[test]
    fn usages_add_up_to_the_worst_news() {
        let mut usage = Usage {
            served_version: Some("v26.0".to_owned()),
            ..calls(2)
        };
        usage.absorb(Usage {
            percent: Some(40),
            regain: minutes(3),
            ..calls(5)
        });
        usage.absorb(metered(30));
        let expected = Usage {
            calls: 7,
            percent: Some(40),
            regain: minutes(3),
            served_version: Some("v26.0".to_owned()),
            ..Usage::default()
        };
        assert_eq!(usage, expected);
    }
}
