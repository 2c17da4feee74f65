//! What is wrong with the Graph versions of apps, as sentences for the status.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::api::types::AppReport;
use crate::graph_api::VersionNotices;
use crate::model::{AppRecord, Cause};

/// How long before the end of a version a problem is shown.
const SUNSET: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The most urgent first.
pub(super) fn version_problems(
    app: &AppReport,
    record: &AppRecord,
    notices: &VersionNotices,
    now: Timestamp,
) -> Vec<String> {
    let notice = refused(app, record, notices, now).or_else(|| warned(app, notices, now));
    let problems = notice.into_iter().chain(ends_soon(app, now));
    let sentence = |problem| format!("app {}: {problem}. Set a newer graph_version", app.name);
    problems.map(sentence).collect()
}

/// A refusal that stops the whole app is an error of the app, which is shown by itself.
fn refused(
    app: &AppReport,
    record: &AppRecord,
    notices: &VersionNotices,
    now: Timestamp,
) -> Option<String> {
    let stops_app = record
        .error
        .is_some_and(|error| error.cause == Cause::VersionEnded);
    let version = &app.graph_version;
    notices.refusal(version, now).filter(|_| !stops_app)?;
    Some(format!(
        "Meta refuses calls because version {version} of the Marketing API has ended (code 2635). The tokens are not the \
         reason"
    ))
}

fn warned(app: &AppReport, notices: &VersionNotices, now: Timestamp) -> Option<String> {
    let version = &app.graph_version;
    let text = &notices.warning(version, now)?.text;
    Some(format!(
        "Meta warns about version {version} of the Marketing API: {text:?}"
    ))
}

fn ends_soon(app: &AppReport, now: Timestamp) -> Option<String> {
    let (day, version) = (app.graph_version_ends_on?, &app.graph_version);
    let last_day = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let ends = if last_day < now { "ended" } else { "ends" };
    (last_day < now + SUNSET).then(|| match app.uses_ads {
        true => format!(
            "version {version} of the Marketing API {ends} on {day}, and tokens of the app have permissions for ads"
        ),
        false => format!("Graph {version} {ends} on {day}"),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;

    fn shown(uses_ads: bool, ends: Option<Date>, now: &str) -> Vec<String> {
        let app = AppReport {
            name: "acme".to_owned(),
            graph_version: "v25.0".to_owned(),
            graph_version_ends_on: ends,
            uses_ads,
            ..AppReport::default()
        };
        let now = format!("{now}T00:00:00Z").parse().unwrap();
        version_problems(&app, &AppRecord::default(), &VersionNotices::default(), now)
    }

    #[test]
    fn an_end_is_shown_ninety_days_ahead() {
        let day = Some(date(2027, 2, 23));
        assert_eq!(shown(true, day, "2026-11-24"), [""; 0]);
        assert_eq!(
            shown(true, day, "2026-11-26"),
            [
                "app acme: version v25.0 of the Marketing API ends on 2027-02-23, and tokens of the app have permissions \
                 for ads. Set a newer graph_version"
            ]
        );
        assert_eq!(
            shown(false, day, "2027-03-01"),
            ["app acme: Graph v25.0 ended on 2027-02-23. Set a newer graph_version"]
        );
        assert_eq!(shown(true, None, "2030-01-01"), [""; 0]);
    }
}
