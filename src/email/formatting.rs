//! Formats times, spans, counts, lists and names in the reader's language.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::text::{Language, Units, fill};
use crate::model::number::grouped_by;

/// Longer names are cut, because a subject line must be readable on a phone.
const LONGEST_NAME: usize = 60;

/// The maximum number of recipients listed in an email.
const NAMED_RECIPIENTS: usize = 20;

impl Language {
    /// `Monday, 14 December 2026 at 03:12 CET`
    pub(crate) fn moment(self, at: Timestamp, zone: &TimeZone) -> String {
        self.written(at, zone, self.catalog().calendar.moment)
    }

    /// `Mon 14 Dec, 03:12 CET`
    pub(crate) fn short_moment(self, at: Timestamp, zone: &TimeZone) -> String {
        self.written(at, zone, self.catalog().calendar.short_moment)
    }

    /// `14 Dec`
    pub(crate) fn short_day(self, at: Timestamp, zone: &TimeZone) -> String {
        self.written(at, zone, self.catalog().calendar.short_day)
    }

    /// `14 Dec 2026`
    pub(crate) fn date(self, at: Timestamp, zone: &TimeZone) -> String {
        self.written(at, zone, self.catalog().calendar.date)
    }

    fn written(self, at: Timestamp, zone: &TimeZone, form: &str) -> String {
        let calendar = &self.catalog().calendar;
        let at = at.to_zoned(zone.clone());
        let weekday = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
        let month = usize::from(at.month().unsigned_abs() - 1);
        let abbreviation = at.strftime("%Z").to_string();
        let own = calendar.zones.get(abbreviation.as_str());
        fill(
            form,
            &[
                ("weekday", calendar.weekdays[weekday]),
                ("wd", calendar.short_weekdays[weekday]),
                ("day", &at.day().to_string()),
                ("month", calendar.months[month]),
                ("mon", calendar.short_months[month]),
                ("year", &at.year().to_string()),
                ("time", &at.strftime("%H:%M").to_string()),
                ("zone", own.unwrap_or(&abbreviation.as_str())),
            ],
        )
    }

    /// Such as `3 h` or `2 days`; rounded down.
    pub(crate) fn span(self, of: SignedDuration) -> String {
        in_units(of, &self.catalog().span)
    }

    /// The same, as used after "in" or "after".
    pub(crate) fn span_after(self, of: SignedDuration) -> String {
        in_units(of, &self.catalog().span_after)
    }

    /// `1,822`
    pub(crate) fn count(self, of: u64) -> String {
        grouped_by(self.catalog().thousands, of)
    }

    /// `a, b and c`
    pub(crate) fn all_of(self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [only] => only.clone(),
            [but_last @ .., last] => {
                format!("{}{}{last}", but_last.join(", "), self.catalog().and)
            }
        }
    }

    /// `and 7 more`, if there are any.
    pub(crate) fn and_more(self, unnamed: u64) -> Option<String> {
        let count = self.count(unnamed);
        (unnamed > 0).then(|| fill(self.phrases().and_more, &[("count", &count)]))
    }

    /// The line that lists the recipients, so that each one sees who else was notified.
    pub(crate) fn went_to(self, all: &[String]) -> String {
        let phrases = self.phrases();
        let named = all.iter().take(NAMED_RECIPIENTS).map(|to| line(to));
        let named: Vec<String> = named.collect();
        let unnamed = (all.len() - named.len()) as u64;
        let everybody = self.all_of(&named);
        match (all, unnamed) {
            ([_], _) => fill(phrases.went_to_one, &[("all", &everybody)]),
            (_, 0) => fill(phrases.went_to, &[("all", &everybody)]),
            _ => fill(
                phrases.went_to_many,
                &[("all", &named.join(", ")), ("count", &self.count(unnamed))],
            ),
        }
    }
}

fn in_units(of: SignedDuration, units: &Units) -> String {
    let minutes = of.as_mins();
    let (form, number) = match minutes {
        ..1 => (units.moment, 0),
        1..120 => (units.minutes, minutes),
        120..2880 => (units.hours, minutes / 60),
        2880.. => (units.days, minutes / 1440),
    };
    fill(form, &[("n", &number.to_string())])
}

/// A name from outside, as part of one line and cut to length.
pub(crate) fn name(of: &str) -> String {
    let line = line(of);
    if line.chars().count() <= LONGEST_NAME {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_NAME - 1).collect();
    format!("{}…", cut.trim_end())
}

/// Text from outside without line ends, control characters and bidirectional marks.
pub(crate) fn line(of: &str) -> String {
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
    use Language::{English, German};

    #[test]
    fn durations_use_the_unit_that_people_use() {
        for (seconds, english, german) in [
            (0, "less than a minute", "weniger als einer Minute"),
            (59, "less than a minute", "weniger als einer Minute"),
            (60, "1 min", "1 Min."),
            (119 * 60, "119 min", "119 Min."),
            (2 * 3600, "2 h", "2 Stunden"),
            (47 * 3600 + 3599, "47 h", "47 Stunden"),
            (48 * 3600, "2 days", "2 Tagen"),
            (13 * 86_400 + 86_399, "13 days", "13 Tagen"),
        ] {
            let span = SignedDuration::from_secs(seconds);
            assert_eq!(English.span_after(span), english);
            assert_eq!(German.span_after(span), german);
        }
        assert_eq!(German.span(SignedDuration::from_hours(49)), "2 Tage");
    }

    #[test]
    fn counts_are_grouped() {
        for (number, english, german) in [
            (7, "7", "7"),
            (999, "999", "999"),
            (1_822, "1,822", "1.822"),
            (10_000, "10,000", "10.000"),
            (1_234_567, "1,234,567", "1.234.567"),
        ] {
            assert_eq!(English.count(number), english);
            assert_eq!(German.count(number), german);
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
        assert_eq!(English.all_of(&items(0)), "");
        assert_eq!(English.all_of(&items(1)), "a");
        assert_eq!(English.all_of(&items(2)), "a and b");
        assert_eq!(English.all_of(&items(3)), "a, b and c");
        assert_eq!(German.all_of(&items(3)), "a, b und c");
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
    fn times_use_the_zone_and_the_language_of_the_reader() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let winter: Timestamp = "2026-12-14T02:12:00Z".parse().unwrap();
        let summer: Timestamp = "2026-07-04T22:30:00Z".parse().unwrap();
        for (language, at, moment, short_moment, date) in [
            (
                English,
                winter,
                "Monday, 14 December 2026 at 03:12 CET",
                "Mon 14 Dec, 03:12 CET",
                "14 Dec 2026",
            ),
            (
                English,
                summer,
                "Sunday, 5 July 2026 at 00:30 CEST",
                "Sun 5 Jul, 00:30 CEST",
                "5 Jul 2026",
            ),
            (
                German,
                winter,
                "Montag, 14. Dezember 2026 um 03:12 Uhr MEZ",
                "Mo., 14. Dez., 03:12 Uhr MEZ",
                "14. Dez. 2026",
            ),
            (
                German,
                summer,
                "Sonntag, 5. Juli 2026 um 00:30 Uhr MESZ",
                "So., 5. Juli, 00:30 Uhr MESZ",
                "5. Juli 2026",
            ),
        ] {
            assert_eq!(language.moment(at, &berlin), moment);
            assert_eq!(language.short_moment(at, &berlin), short_moment);
            assert_eq!(language.date(at, &berlin), date);
        }
        assert_eq!(English.short_day(summer, &berlin), "5 Jul");
        assert_eq!(German.short_day(winter, &berlin), "14. Dez.");
    }
}
