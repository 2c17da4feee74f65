//! Reads `Retry-After`: a number of seconds, or a date.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// `None` when there is none, it cannot be read, or it has passed.
pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(seconds.into()),
        Err(_) => {
            let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            date.duration_since(now)
        }
    };
    wait.is_positive().then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read() {
        let now: Timestamp = "2026-11-30T09:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("30", Some(30)),
            (" 120 ", Some(120)),
            ("Mon, 30 Nov 2026 09:01:30 GMT", Some(90)),
            ("Mon, 30 Nov 2026 08:59:00 GMT", None),
            ("0", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("99999999999999999999", None),
            ("", None),
        ] {
            let headers = [(RETRY_AFTER, text.parse().unwrap())];
            let wait = read(&HeaderMap::from_iter(headers), now);
            assert_eq!(wait.map(|wait| wait.as_secs()), seconds, "{text}");
        }
        assert_eq!(read(&HeaderMap::new(), now), None);
    }
}
