//! Parses hours, days and time zones: `20:00-07:00`, `Mon`, `Europe/Berlin`.

use jiff::civil::{Time, Weekday};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::diagnostic::quoting;
use crate::alerts::Quiet;

pub(super) fn quiet(text: &str) -> Result<Quiet, String> {
    let Some(quiet) = span(text) else {
        let message = "is not a time span; write two times, such as \"20:00-07:00\"";
        return Err(quoting(text, message));
    };
    if quiet.from == quiet.until {
        let message = "begins and ends at the same time; leave it out";
        return Err(quoting(text, message));
    }
    Ok(quiet)
}

fn span(text: &str) -> Option<Quiet> {
    let (from, until) = text.split_once('-')?;
    Some(Quiet {
        from: time(from.trim())?,
        until: time(until.trim())?,
    })
}

/// Midnight may also be written as `24:00`.
fn time(text: &str) -> Option<Time> {
    if text == "24:00" {
        return Some(Time::midnight());
    }
    let has_two_parts = text.len() == 5 && text.find(':') == Some(2);
    has_two_parts.then(|| text.parse().ok()).flatten()
}

pub(super) fn day(text: &str) -> Result<Weekday, String> {
    let day = strtime::parse("%a", text)
        .ok()
        .and_then(|day| day.weekday());
    let message = "is not a weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun";
    day.ok_or_else(|| quoting(text, message))
}

pub(super) fn timezone(name: &str) -> Result<TimeZone, String> {
    let message = "is not a time zone of this machine; write one such as \"Europe/Berlin\" or \"UTC\" \
                   (they are in the package tzdata)";
    TimeZone::get(name).map_err(|_| quoting(name, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_times_are_quiet_hours() {
        let at = |hour, minute| Time::constant(hour, minute, 0, 0);
        for (text, from, until) in [
            ("20:00-07:00", at(20, 0), at(7, 0)),
            ("00:30 - 06:15", at(0, 30), at(6, 15)),
            ("18:00-24:00", at(18, 0), at(0, 0)),
        ] {
            assert_eq!(quiet(text), Ok(Quiet { from, until }), "{text}");
        }
        for text in [
            "",
            "20:00",
            "20-7",
            "20:00-25:00",
            "20:60-07:00",
            "8:00-9:00",
            "20:00-24:01",
            "a-b",
        ] {
            assert!(
                quiet(text).unwrap_err().contains("is not a time span"),
                "{text}"
            );
        }
        for text in ["07:00-07:00", "00:00-24:00"] {
            let refused = quiet(text).unwrap_err();
            assert!(refused.contains("at the same time"), "{text}");
        }
    }

    #[test]
    fn days_have_short_names() {
        assert_eq!(day("Mon"), Ok(Weekday::Monday));
        assert_eq!(day("sun"), Ok(Weekday::Sunday));
        for text in ["", "Monday", "Mo", "Montag"] {
            assert!(
                day(text).unwrap_err().contains("is not a weekday"),
                "{text}"
            );
        }
    }
}
