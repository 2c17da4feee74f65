//! Times, spans, counts and names as people write them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Longer names are cut: a subject line has to be read on a phone.
const LONGEST_NAME: usize = 60;

/// `Monday, 14 December 2026 at 03:12 CET`
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    written(at, zone, "%A, %-d %B %Y at %H:%M %Z")
}

/// `Mon 14 Dec, 03:12`
pub(super) fn short_moment(at: Timestamp, zone: &TimeZone) -> String {
    written(at, zone, "%a %-d %b, %H:%M")
}

/// `14 Dec`
pub(super) fn short_day(at: Timestamp, zone: &TimeZone) -> String {
    written(at, zone, "%-d %b")
}

/// `14 Dec 2026`
pub(super) fn date(at: Timestamp, zone: &TimeZone) -> String {
    written(at, zone, "%-d %b %Y")
}

fn written(at: Timestamp, zone: &TimeZone, form: &str) -> String {
    at.to_zoned(zone.clone()).strftime(form).to_string()
}

/// `3 h`, `2 days`; never more than has passed.
pub(super) fn span(of: SignedDuration) -> String {
    let minutes = of.as_mins();
    match minutes {
        ..1 => "less than a minute".to_owned(),
        1..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        2880.. => format!("{} days", minutes / 1440),
    }
}

/// `1,822`
pub(super) fn count(of: u64) -> String {
    let digits = of.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `a, b and c`
pub(super) fn all_of(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [but_last @ .., last] => format!("{} and {last}", but_last.join(", ")),
    }
}

/// A name that others chose, as part of one line and not too long.
pub(super) fn name(of: &str) -> String {
    let line = line(of);
    if line.chars().count() <= LONGEST_NAME {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_NAME - 1).collect();
    format!("{}…", cut.trim_end())
}

/// Text from others without line ends, control characters and marks that turn the writing round.
pub(super) fn line(of: &str) -> String {
    let harmless = of.chars().filter(|c| !turns_the_writing(*c));
    let spaced: String = harmless.map(plain_space).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain_space(c: char) -> char {
    if c.is_control() || c.is_whitespace() {
        ' '
    } else {
        c
    }
}

const fn turns_the_writing(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_people_use() {
        for (seconds, expected) in [
            (0, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 min"),
            (119 * 60, "119 min"),
            (2 * 3600, "2 h"),
            (47 * 3600 + 3599, "47 h"),
            (48 * 3600, "2 days"),
            (13 * 86_400 + 86_399, "13 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn counts_are_grouped() {
        for (number, expected) in [
            (7, "7"),
            (999, "999"),
            (1_822, "1,822"),
            (10_000, "10,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn lists_read_like_speech() {
        let items = |n: usize| -> Vec<String> {
            ["a", "b", "c"]
                .iter()
                .take(n)
                .map(|s| (*s).to_owned())
                .collect()
        };
        assert_eq!(all_of(&items(0)), "");
        assert_eq!(all_of(&items(1)), "a");
        assert_eq!(all_of(&items(2)), "a and b");
        assert_eq!(all_of(&items(3)), "a, b and c");
    }

    #[test]
    fn a_name_is_one_line_whatever_it_holds() {
        for (given, expected) in [
            ("Öl & Gas 東京", "Öl & Gas 東京"),
            ("Eve\r\nBcc: all@example.com", "Eve Bcc: all@example.com"),
            ("a\u{2028}b\u{85}c\0d", "a b c d"),
            ("safe\u{202e}gpj.exe", "safegpj.exe"),
            ("  many   spaces\t", "many spaces"),
            ("👩‍🔧", "👩‍🔧"),
        ] {
            assert_eq!(name(given), expected);
        }
        let long = name(&"ß".repeat(500));
        assert_eq!(long.chars().count(), LONGEST_NAME);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn times_stand_in_the_zone_of_the_reader() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let winter: Timestamp = "2026-12-14T02:12:00Z".parse().unwrap();
        let summer: Timestamp = "2026-07-04T22:30:00Z".parse().unwrap();
        assert_eq!(
            moment(winter, &berlin),
            "Monday, 14 December 2026 at 03:12 CET"
        );
        assert_eq!(moment(summer, &berlin), "Sunday, 5 July 2026 at 00:30 CEST");
        assert_eq!(short_moment(winter, &berlin), "Mon 14 Dec, 03:12");
        assert_eq!(short_day(summer, &berlin), "5 Jul");
        assert_eq!(date(summer, &berlin), "5 Jul 2026");
    }
}
