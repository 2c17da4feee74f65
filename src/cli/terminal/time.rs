//! Times as people write them.

use jiff::Timestamp;

use super::output::TerminalFormat;
pub(crate) use crate::model::distance::{relative, short_span, span};

/// `3 h ago`, `in 12 days`; in a pipe, the time itself.
pub(crate) fn describe(at: Timestamp, now: Timestamp, format: &TerminalFormat) -> String {
    if format.is_pipe() {
        at.to_string()
    } else {
        relative(at, now)
    }
}

/// `2026-12-14 03:12:05 CET`, in the time zone of the terminal.
pub(crate) fn absolute(at: Timestamp, format: &TerminalFormat) -> String {
    if format.is_pipe() {
        return at.to_string();
    }
    let there = at.to_zoned(format.zone.clone());
    there.strftime("%F %T %Z").to_string()
}

/// `2026-12-14`, in the time zone of the terminal, for what is known to the day; in a pipe, the time itself.
pub(crate) fn day(at: Timestamp, format: &TerminalFormat) -> String {
    if format.is_pipe() {
        return at.to_string();
    }
    at.to_zoned(format.zone.clone()).date().to_string()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::cli::terminal::output::tests::{pipe, terminal};

    #[test]
    fn a_program_gets_the_instant() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        assert_eq!(describe(now, now, &pipe()), "2026-11-22T09:00:00Z");
        assert_eq!(describe(now, now, &terminal(80)), "now");
        assert_eq!(absolute(now, &pipe()), "2026-11-22T09:00:00Z");
        assert_eq!(absolute(now, &terminal(80)), "2026-11-22 09:00:00 UTC");
    }

    #[test]
    fn a_day_is_that_of_the_terminals_zone() {
        let at: Timestamp = "2026-12-14T23:30:00Z".parse().unwrap();
        let here = TerminalFormat {
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            ..terminal(80)
        };
        assert_eq!(day(at, &here), "2026-12-15");
        assert_eq!(day(at, &terminal(80)), "2026-12-14");
        assert_eq!(day(at, &pipe()), "2026-12-14T23:30:00Z");
    }
}
