//! Parses durations: `90s 15m 12h 30d`.

use jiff::SignedDuration;

use super::diagnostic::quoted;

/// Ten years. A longer duration could overflow when added to a date, and is surely a mistake.
const LONGEST: SignedDuration = SignedDuration::from_hours(3650 * 24);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DurationError {
    #[error(
        "{} is not a duration; write a whole number and one of s, m, h, d, such as 90s, 15m, 12h or 30d",
        quoted(.0)
    )]
    Spelling(String),
    #[error("must be longer than {}", quoted(.0))]
    Zero(String),
    #[error("{} is too long; the longest is 3650d", quoted(.0))]
    TooLong(String),
}

pub(super) fn parse(text: &str) -> Result<SignedDuration, DurationError> {
    let spelling = || DurationError::Spelling(text.to_owned());
    let unit = text.chars().next_back().ok_or_else(spelling)?;
    let seconds_each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(spelling()),
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(spelling());
    }
    let seconds = digits
        .parse()
        .ok()
        .and_then(|number: i64| number.checked_mul(seconds_each))
        .map(SignedDuration::from_secs);
    match seconds {
        Some(SignedDuration::ZERO) => Err(DurationError::Zero(text.to_owned())),
        Some(duration) if duration <= LONGEST => Ok(duration),
        Some(_) | None => Err(DurationError::TooLong(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_is_a_duration() {
        for (text, seconds) in [
            ("1s", 1),
            ("90s", 90),
            ("15m", 15 * 60),
            ("12h", 12 * 3600),
            ("30d", 30 * 86_400),
            ("3650d", 3650 * 86_400),
        ] {
            assert_eq!(
                parse(text),
                Ok(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for text in [
            "", "d", "90", "1w", "1.5h", "-1h", "+1h", " 1h", "1h ", "1 h", "1h30m", "P1D", "1H",
            "1 day", "٣d", "1ü",
        ] {
            assert_eq!(parse(text), Err(DurationError::Spelling(text.to_owned())));
        }
        for text in ["0s", "000d"] {
            assert_eq!(parse(text), Err(DurationError::Zero(text.to_owned())));
        }
        for text in ["3651d", "99999999999999999999d", "106751991167301d"] {
            assert_eq!(parse(text), Err(DurationError::TooLong(text.to_owned())));
        }
    }
}
