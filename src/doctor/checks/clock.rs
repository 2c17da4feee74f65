//! The machine's clock, against the time in Meta's answers.

use jiff::{SignedDuration, Timestamp};

use super::apps::AppAnswer;
use crate::doctor::{Check, Finding};

/// An answer takes some seconds, and a time server corrects a clock by less.
const CLOSE: SignedDuration = SignedDuration::from_secs(30);

pub(in crate::doctor) fn check(apps: &[AppAnswer], now: Timestamp) -> Finding {
    let Some(at_meta) = apps.iter().find_map(|app| app.served_at) else {
        let why = "no answer of Meta's to compare it with; see timedatectl";
        return Finding::not_checked(Check::Clock, why);
    };
    let off = now.duration_since(at_meta);
    if off.abs() <= CLOSE {
        return Finding::good(Check::Clock, "it shows the time of Meta's clock");
    }
    let direction = if off.is_positive() {
        "ahead of"
    } else {
        "behind"
    };
    let seconds = off.abs().as_secs();
    Finding::problem(
        Check::Clock,
        format!("it is {seconds} seconds {direction} Meta's clock"),
        "Have it set by a time server: sudo timedatectl set-ntp true",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn found(seconds: Option<i64>) -> Finding {
        let now: Timestamp = "2026-11-28T03:00:00Z".parse().unwrap();
        let app = AppAnswer {
            name: "acme".to_owned(),
            served_at: seconds.map(|seconds| now + SignedDuration::from_secs(seconds)),
            answer: Ok(()),
        };
        check(&[app], now)
    }

    #[test]
    fn half_a_minute_is_close_enough() {
        assert_eq!(found(None).outcome, Outcome::NotChecked);
        for near in [-30, 0, 30] {
            assert_eq!(found(Some(near)).outcome, Outcome::Good);
        }
        assert_eq!(
            found(Some(-31)).says,
            "it is 31 seconds ahead of Meta's clock"
        );
        assert_eq!(
            found(Some(7_200)).says,
            "it is 7200 seconds behind Meta's clock"
        );
        assert_eq!(found(Some(31)).outcome, Outcome::Problem);
    }
}
