//! A duration as people write it, in the configuration, on the command line and on the socket: `90s`, `15m`, `12h`, `30d`.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(SignedDuration);

/// Reads on after the text in question, as in "`1w` is not a duration".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASpan {
    #[error("not a duration; write {}", Span::EXPECTED)]
    Spelling,
    #[error("too long; the longest is 3650d")]
    TooLong,
}

/// Ten years. A longer duration could overflow when added to a date, and is surely a mistake.
const LONGEST: SignedDuration = SignedDuration::from_hours(3650 * 24);

const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Span {
    pub const EXPECTED: &str = "a whole number and one of s, m, h, d, such as 90s, 15m, 12h or 30d";
    pub const LONGEST: Self = Self(LONGEST);

    pub const fn duration(self) -> SignedDuration {
        self.0
    }
}

impl From<SignedDuration> for Span {
    fn from(duration: SignedDuration) -> Self {
        Self(duration)
    }
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let split = UNITS
            .iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)));
        let (digits, seconds) = split.ok_or(NotASpan::Spelling)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotASpan::Spelling);
        }
        let count = digits.parse::<i64>().ok();
        count
            .and_then(|count| count.checked_mul(*seconds))
            .map(SignedDuration::from_secs)
            .filter(|duration| *duration <= LONGEST)
            .map(Self)
            .ok_or(NotASpan::TooLong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.as_secs();
        let fits = |(_, seconds): &&(char, i64)| length > 0 && length % seconds == 0;
        let &(unit, seconds) = UNITS.iter().find(fits).unwrap_or(&('s', 1));
        write!(f, "{}{unit}", length / seconds)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| Error::invalid_value(Unexpected::Str(&text), &Self::EXPECTED);
        text.parse().map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_and_writes_the_same() {
        for (text, seconds, again) in [
            ("1s", 1, "1s"),
            ("90s", 90, "90s"),
            ("15m", 900, "15m"),
            ("12h", 43_200, "12h"),
            ("30d", 2_592_000, "30d"),
            ("3650d", 3650 * 86_400, "3650d"),
            ("60m", 3_600, "1h"),
            ("0h", 0, "0s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.duration(), SignedDuration::from_secs(seconds));
            assert_eq!(span.to_string(), again);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "d", "h", "12", "1w", "1.5h", "-1h", "+1h", " 1h", "1h ", "1 h", "1hh", "1h30m",
            "P1D", "1H", "1 day", "٣h", "1ü",
        ] {
            assert_eq!(text.parse::<Span>(), Err(NotASpan::Spelling), "{text:?}");
        }
        for text in ["3651d", "99999999999999999999d", "106751991167301d"] {
            assert_eq!(text.parse::<Span>(), Err(NotASpan::TooLong), "{text:?}");
        }
    }
}
