//! Graph versions that end.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::Config;
use crate::doctor::{Check, Finding, Subject};
use crate::monitor::version_warnings;

const CHECK: Check = Check::Versions;

/// As the daemon's own status.
const SOON_DAYS: i32 = 90;

pub(in crate::doctor) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let says = match (subject.daemon.report(), &subject.known.config) {
        (Some(report), _) => version_warnings(report),
        (None, Some(config)) => of_configuration(config, subject.now),
        (None, None) => {
            let why = "neither the daemon nor the configuration says which are in use";
            return vec![Finding::not_checked(CHECK, why)];
        }
    };
    if says.is_empty() {
        return vec![Finding::good(
            CHECK,
            "no Graph version in use ends within 90 days",
        )];
    }
    let warning = |says| Finding::warning(CHECK, says, TO_DO);
    says.into_iter().map(warning).collect()
}

const TO_DO: &str =
    "Read Meta's changelog, set a newer graph_version, and run: sudo systemctl reload perennial";

fn of_configuration(config: &Config, now: Timestamp) -> Vec<String> {
    let ends = config.apps.iter().filter_map(|app| {
        let day = app.version_ends.of_app(false)?;
        let text = format!(
            "App {}: Graph {} ends on {day}.",
            app.name, app.graph.version
        );
        ends_soon(day, now).then_some(text)
    });
    ends.collect()
}

fn ends_soon(day: Date, now: Timestamp) -> bool {
    let today = now.to_zoned(TimeZone::UTC).date();
    day.since(today)
        .is_ok_and(|left| left.get_days() < SOON_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_warned_of_three_months_ahead_and_after_its_end() {
        let now: Timestamp = "2026-11-28T03:00:00Z".parse().unwrap();
        for (day, soon) in [
            ("2026-11-01", true),
            ("2026-11-28", true),
            ("2027-02-25", true),
            ("2027-02-26", false),
            ("2028-07-29", false),
        ] {
            assert_eq!(ends_soon(day.parse().unwrap(), now), soon, "{day}");
        }
    }
}
