//! A duration as people write it: `90s`, `15m`, `12h`, `30d`.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(SignedDuration);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {EXPECTED}")]
pub struct NotASpan;

const EXPECTED: &str = "a length of time such as 90s, 15m, 12h or 30d";

/// Longer than any duration in use, and short enough that no sum overflows.
const LONGEST_SECS: i64 = 100 * 366 * 86_400;

const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Span {
    pub const fn duration(self) -> SignedDuration {
        self.0
    }
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let unit = UNITS.iter().find(|(unit, _)| text.ends_with(*unit));
        let &(unit, seconds) = unit.ok_or(NotASpan)?;
        let digits = text.trim_end_matches(unit);
        if digits.len() + 1 != text.len() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotASpan);
        }
        let count: i64 = digits.parse().map_err(|_| NotASpan)?;
        count
            .checked_mul(seconds)
            .filter(|seconds| *seconds <= LONGEST_SECS)
            .map(|seconds| Self(SignedDuration::from_secs(seconds)))
            .ok_or(NotASpan)
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
        let wrong = |_| Error::invalid_value(Unexpected::Str(&text), &EXPECTED);
        text.parse().map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_and_writes_the_same() {
        for (text, seconds, again) in [
            ("90s", 90, "90s"),
            ("15m", 900, "15m"),
            ("12h", 43_200, "12h"),
            ("30d", 2_592_000, "30d"),
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
            "",
            "h",
            "12",
            "1.5h",
            "-1h",
            "+1h",
            " 1h",
            "1 h",
            "1hh",
            "1w",
            "٣h",
            "99999999999999d",
        ] {
            assert_eq!(text.parse::<Span>(), Err(NotASpan), "{text:?}");
        }
    }
}
