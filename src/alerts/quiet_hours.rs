//! The hours in which a recipient gets emails that can wait. Pure.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A recipient's working hours, in the recipient's time zone.
#[derive(Clone, Debug)]
pub struct Hours {
    pub timezone: TimeZone,
    pub quiet: Option<Quiet>,
    /// Empty means every day.
    pub working_days: Vec<Weekday>,
}

/// From one time of day until another, possibly past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    pub from: Time,
    pub until: Time,
}

/// The number of days ahead that is certain to contain a working day.
const A_WEEK: i64 = 8;

impl Hours {
    /// The first moment from `now` on that is neither in quiet hours nor on a day off.
    pub fn next_open(&self, now: Timestamp) -> Timestamp {
        if self.is_open(now) {
            return now;
        }
        let today = now.to_zoned(self.timezone.clone()).date();
        let days = (0..=A_WEEK).filter_map(|n| today.checked_add(n.days()).ok());
        days.flat_map(|day| self.openings(day))
            .filter(|at| *at > now && self.is_open(*at))
            .min()
            .unwrap_or(now)
    }

    /// The times at which a day can open: midnight, or the end of the quiet hours.
    fn openings(&self, day: Date) -> impl Iterator<Item = Timestamp> {
        let ends = self.quiet.map(|quiet| quiet.until);
        let times = [Some(Time::midnight()), ends].into_iter().flatten();
        times.filter_map(move |time| {
            let at = day.to_datetime(time).to_zoned(self.timezone.clone());
            at.ok().map(|at| at.timestamp())
        })
    }

    fn is_open(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.timezone.clone());
        let works = self.working_days.is_empty() || self.working_days.contains(&local.weekday());
        works && !self.quiet.is_some_and(|quiet| quiet.holds(local.time()))
    }
}

impl Quiet {
    fn holds(self, time: Time) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixtures::berlin;

    fn at(hour: i8, minute: i8) -> Time {
        Time::constant(hour, minute, 0, 0)
    }

    fn office() -> Hours {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        Hours {
            timezone: berlin(),
            quiet: Some(Quiet {
                from: at(20, 0),
                until: at(7, 0),
            }),
            working_days: vec![Monday, Tuesday, Wednesday, Thursday, Friday],
        }
    }

    fn opens(hours: &Hours, now: &str) -> String {
        hours.next_open(now.parse().unwrap()).to_string()
    }

    #[test]
    fn what_can_wait_waits_for_the_morning_of_a_working_day() {
        // Berlin is an hour ahead of UTC in winter; 30 November 2026 is a Monday.
        for (now, expected) in [
            ("2026-11-30T10:00:00Z", "2026-11-30T10:00:00Z"),
            ("2026-11-30T06:00:00Z", "2026-11-30T06:00:00Z"),
            ("2026-11-30T05:59:59Z", "2026-11-30T06:00:00Z"),
            ("2026-11-30T19:00:00Z", "2026-12-01T06:00:00Z"),
            ("2026-11-30T23:30:00Z", "2026-12-01T06:00:00Z"),
            ("2026-12-04T19:00:00Z", "2026-12-07T06:00:00Z"),
            ("2026-12-05T10:00:00Z", "2026-12-07T06:00:00Z"),
            // Sunday night, and the night in which summer time begins.
            ("2026-12-06T23:30:00Z", "2026-12-07T06:00:00Z"),
            ("2026-03-28T20:00:00Z", "2026-03-30T05:00:00Z"),
        ] {
            assert_eq!(opens(&office(), now), expected, "{now}");
        }
    }

    #[test]
    fn each_limit_holds_without_the_other() {
        let nights = Hours {
            working_days: Vec::new(),
            ..office()
        };
        assert_eq!(
            opens(&nights, "2026-12-05T21:00:00Z"),
            "2026-12-06T06:00:00Z"
        );
        let weekends = Hours {
            quiet: None,
            ..office()
        };
        assert_eq!(
            opens(&weekends, "2026-12-05T10:00:00Z"),
            "2026-12-06T23:00:00Z"
        );
        let siesta = Hours {
            quiet: Some(Quiet {
                from: at(12, 0),
                until: at(14, 0),
            }),
            ..nights
        };
        for (now, expected) in [
            ("2026-12-05T11:30:00Z", "2026-12-05T13:00:00Z"),
            ("2026-12-05T23:30:00Z", "2026-12-05T23:30:00Z"),
        ] {
            assert_eq!(opens(&siesta, now), expected);
        }
    }
}
