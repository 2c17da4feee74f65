//! Times as people write them.

use jiff::{SignedDuration, Timestamp};

use super::output::TerminalFormat;

/// `in 12 days`, `3 h ago`, `now`
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    match distance.as_secs() {
        -4..=4 => "now".to_owned(),
        5.. => format!("in {}", span(distance)),
        ..-4 => format!("{} ago", span(distance)),
    }
}

/// `3 h ago`, `in 12 days`; in a pipe, the time itself.
pub(crate) fn describe(at: Timestamp, now: Timestamp, format: &TerminalFormat) -> String {
    if format.is_pipe() {
        at.to_string()
    } else {
        relative(at, now)
    }
}

/// `2026-12-14 03:12:05 CET`, in the time zone of the terminal.
pub(crate) fn absolute(at: Timestamp, format: &TerminalFormat) -> String {
    if format.is_pipe() {
        return at.to_string();
    }
    let there = at.to_zoned(format.zone.clone());
    there.strftime("%F %T %Z").to_string()
}

/// `2026-12-14`, in the time zone of the terminal, for what is known to the day; in a pipe, the time itself.
pub(crate) fn day(at: Timestamp, format: &TerminalFormat) -> String {
    if format.is_pipe() {
        return at.to_string();
    }
    at.to_zoned(format.zone.clone()).date().to_string()
}

/// `45 s`, `12 min`, `5 h`, `41 days`; rounded down.
pub(crate) fn span(of: SignedDuration) -> String {
    match measured(of) {
        (days, "d") => format!("{days} days"),
        (number, unit) => format!("{number} {unit}"),
    }
}

/// `41 d`
pub(crate) fn short_span(of: SignedDuration) -> String {
    let (number, unit) = measured(of);
    format!("{number} {unit}")
}

fn measured(of: SignedDuration) -> (u64, &'static str) {
    let seconds = of.as_secs().unsigned_abs();
    match seconds {
        ..90 => (seconds, "s"),
        90..7_200 => (seconds / 60, "min"),
        7_200..172_800 => (seconds / 3_600, "h"),
        172_800.. => (seconds / 86_400, "d"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::cli::terminal::output::tests::{pipe, terminal};

    #[test]
    fn times_are_shown_as_people_say_them() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        for (seconds, expected) in [
            (0, "now"),
            (-4, "now"),
            (5, "in 5 s"),
            (-89, "89 s ago"),
            (90, "in 1 min"),
            (-7_199, "119 min ago"),
            (7_200, "in 2 h"),
            (-172_799, "47 h ago"),
            (172_800, "in 2 days"),
            (-86_400 * 400, "400 days ago"),
        ] {
            let at = now + SignedDuration::from_secs(seconds);
            assert_eq!(relative(at, now), expected);
        }
        assert_eq!(short_span(SignedDuration::from_hours(24 * 41 + 23)), "41 d");
    }

    #[test]
    fn a_program_gets_the_instant() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        assert_eq!(describe(now, now, &pipe()), "2026-11-22T09:00:00Z");
        assert_eq!(describe(now, now, &terminal(80)), "now");
        assert_eq!(absolute(now, &pipe()), "2026-11-22T09:00:00Z");
        assert_eq!(absolute(now, &terminal(80)), "2026-11-22 09:00:00 UTC");
    }

    #[test]
    fn a_day_is_that_of_the_terminals_zone() {
        let at: Timestamp = "2026-12-14T23:30:00Z".parse().unwrap();
        let here = TerminalFormat {
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            ..terminal(80)
        };
        assert_eq!(day(at, &here), "2026-12-15");
        assert_eq!(day(at, &terminal(80)), "2026-12-14");
        assert_eq!(day(at, &pipe()), "2026-12-14T23:30:00Z");
    }
}
