//! Parses hours and days: `20:00-07:00`, `Mon`.

use jiff::civil::{Time, Weekday};

use super::diagnostic::quoted;
use crate::alerts::Quiet;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HoursError {
    #[error("{} is not a time span; write two times, such as \"20:00-07:00\"", quoted(.0))]
    Hours(String),
    #[error("{} begins and ends at the same time; leave it out", quoted(.0))]
    WholeDay(String),
    #[error("{} is not a weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun", quoted(.0))]
    Day(String),
}

pub(super) fn quiet(text: &str) -> Result<Quiet, HoursError> {
    let wrong = || HoursError::Hours(text.to_owned());
    let (from, until) = text.split_once('-').ok_or_else(wrong)?;
    let quiet = Quiet {
        from: time(from.trim()).ok_or_else(wrong)?,
        until: time(until.trim()).ok_or_else(wrong)?,
    };
    if quiet.from == quiet.until {
        return Err(HoursError::WholeDay(text.to_owned()));
    }
    Ok(quiet)
}

/// Midnight may also be written as `24:00`.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) {
        return None;
    }
    match (hour.parse().ok()?, minute.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}

pub(super) fn day(text: &str) -> Result<Weekday, HoursError> {
    let is_named = |(short, _): &(&str, Weekday)| short.eq_ignore_ascii_case(text);
    let day = DAYS.into_iter().find(is_named);
    day.map(|(_, day)| day)
        .ok_or_else(|| HoursError::Day(text.to_owned()))
}

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

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
            assert_eq!(quiet(text), Err(HoursError::Hours(text.to_owned())));
        }
        for text in ["07:00-07:00", "00:00-24:00"] {
            assert_eq!(quiet(text), Err(HoursError::WholeDay(text.to_owned())));
        }
    }

    #[test]
    fn days_have_short_names() {
        assert_eq!(day("Mon"), Ok(Weekday::Monday));
        assert_eq!(day("sun"), Ok(Weekday::Sunday));
        for text in ["", "Monday", "Mo", "Montag"] {
            assert_eq!(day(text), Err(HoursError::Day(text.to_owned())));
        }
    }
}
