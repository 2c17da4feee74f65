//! Parses the durations of the configuration, none of which may be zero.

use jiff::SignedDuration;

use super::diagnostic::quoted;
use crate::model::Span;

pub(super) fn parse(text: &str) -> Result<SignedDuration, String> {
    match text.parse().map(Span::duration) {
        Ok(SignedDuration::ZERO) => Err(format!("must be longer than {}", quoted(text))),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{} is {error}", quoted(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_refused_and_errors_name_the_text() {
        assert_eq!(parse("12h"), Ok(SignedDuration::from_hours(12)));
        for (text, expected) in [
            ("0s", "must be longer than \"0s\""),
            ("000d", "must be longer than \"000d\""),
            (
                "1w",
                "\"1w\" is not a duration; write a whole number and one of s, m, h, d, such as 90s, 15m, 12h or 30d",
            ),
            ("3651d", "\"3651d\" is too long; the longest is 3650d"),
        ] {
            assert_eq!(parse(text), Err(expected.to_owned()));
        }
    }
}
