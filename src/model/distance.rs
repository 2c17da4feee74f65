//! Distances between times, as people say them: the same words wherever operators read them.

use jiff::{SignedDuration, Timestamp};

/// `in 12 days`, `3 h ago`, `now`
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    match distance.as_secs() {
        -4..=4 => "now".to_owned(),
        5.. => format!("in {}", span(distance)),
        ..-4 => format!("{} ago", span(distance)),
    }
}

/// `45 s`, `12 min`, `5 h`, `41 days`; rounded down.
pub fn span(of: SignedDuration) -> String {
    match measured(of) {
        (days, "d") => format!("{days} days"),
        (number, unit) => format!("{number} {unit}"),
    }
}

/// `41 d`
pub fn short_span(of: SignedDuration) -> String {
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
    use super::*;

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
}
