//! Reads the schedule and the time zone.

use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;

use crate::config::credentials::Machine;
use crate::config::diagnostic::quoting;
use crate::config::readers::text;
use crate::config::tree::Section;
use crate::config::{Schedule, defaults, hours};

pub(super) fn schedule(mut section: Section<'_>) -> Schedule {
    let usual = |line: &str| Some(line.to_owned());
    Schedule {
        sweep: section.or("sweep", defaults::SWEEP, text(cron)),
        mail: section.or("mail", defaults::MAIL, text(cron)),
        digest: section.or("digest", usual(defaults::DIGEST), text(cron_or_off)),
        backup: section.or("backup", usual(defaults::BACKUP), text(cron_or_off)),
    }
}

pub(super) fn timezone(top: &mut Section<'_>, machine: &Machine) -> TimeZone {
    let usual = machine.timezone.clone();
    top.or("timezone", usual, text(hours::timezone))
}

/// Checks a line with the parser of the scheduler, so that a valid line also runs.
fn cron(line: &str) -> Result<String, String> {
    let parser = CronParser::builder().seconds(Seconds::Required).build();
    let refused = |why: &str| {
        let message = format!(
            "is not a cron line with seconds{why}; write second minute hour day month weekday, \
             such as \"0 30 3 * * *\" for 3:30 at night"
        );
        quoting(line, &message)
    };
    if line.split_whitespace().count() != 6 {
        return Err(refused(", which has six fields"));
    }
    match parser.parse(line) {
        Ok(_) => Ok(line.to_owned()),
        Err(error) => Err(refused(&format!(" ({error})"))),
    }
}

fn cron_or_off(line: &str) -> Result<Option<String>, String> {
    if line.is_empty() {
        Ok(None)
    } else {
        cron(line).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn six_fields_with_seconds_are_a_cron_line() {
        for line in [
            "* * * * * *",
            "*/30 * * * * *",
            "0 0 8 * * Mon",
            "0 0 8 * * mon-fri",
            "0 0,30 8-18/2 1 JAN *",
            "0 0 0 L * *",
            " 0  0 8 * *  1 ",
        ] {
            assert_eq!(cron(line), Ok(line.to_owned()));
        }
        for line in [
            "",
            "off",
            "* * * * *",
            "* * * * * * *",
            "@daily",
            "60 * * * * *",
            "* * 24 * * *",
            "* * * 0 * *",
            "* * * * 13 *",
            "* * * * * someday",
            "*/0 * * * * *",
            "5-1 * * * * *",
        ] {
            assert!(cron(line).is_err(), "{line}");
        }
    }

    #[test]
    fn only_what_can_be_missed_can_be_turned_off() {
        assert_eq!(cron_or_off(""), Ok(None));
        assert!(cron("").is_err() && cron_or_off(" ").is_err());
    }

    proptest! {
        #[test]
        fn no_line_makes_the_parser_panic(line in "([0-9*/,L#W?+A-Z-]{1,6} ){5}[0-9*/,L#W?+A-Z-]{1,6}") {
            let _ = cron(&line);
        }
    }
}
