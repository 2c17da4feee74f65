//! Reads the headers of an answer: how much of the call budget is used, which Graph version answered, whether it ends, and
//! Meta's time.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap};

use super::wire::{Meters, MetersByBusiness};
use super::{Usage, VersionNotice};

const METERS: [&str; 3] = ["x-app-usage", "x-page-usage", "x-ad-account-usage"];
const METERS_BY_BUSINESS: &str = "x-business-use-case-usage";
const SERVED_BY: &str = "facebook-api-version";
/// Such as "The call has been auto-upgraded to v26.0 as v25.0 will be deprecated."
const VERSION_WARNING: &str = "x-ad-api-version-warning";
const LONGEST_WARNING: usize = 200;

/// Reads the headers of one answer. A header that cannot be parsed counts as missing.
pub(super) fn usage(headers: &HeaderMap, configured_version: &str) -> Usage {
    let single = METERS
        .iter()
        .filter_map(|name| json::<Meters>(headers, name));
    let by_business = json::<MetersByBusiness>(headers, METERS_BY_BUSINESS).unwrap_or_default();
    let meters: Vec<Meters> = single.chain(by_business.into_values().flatten()).collect();
    Usage {
        calls: 1,
        percent: meters.iter().filter_map(percent).max(),
        regain: meters.iter().filter_map(regain).max(),
        served_version: text(headers, SERVED_BY)
            .filter(|served| *served != configured_version)
            .filter(|served| served.len() <= 16)
            .map(str::to_owned),
        version_warning: text(headers, VERSION_WARNING).map(|warning| VersionNotice {
            version: configured_version.to_owned(),
            text: plain(warning),
        }),
        version_refusal: None,
        served_at: text(headers, DATE.as_str())
            .and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What may be printed and logged of a text that is not ours.
fn plain(text: &str) -> String {
    let printable = text.chars().filter(|c| matches!(c, ' '..='~'));
    printable.take(LONGEST_WARNING).collect()
}

fn json<'a, T: serde::Deserialize<'a>>(headers: &'a HeaderMap, name: &str) -> Option<T> {
    serde_json::from_str(text(headers, name)?).ok()
}

fn percent(meters: &Meters) -> Option<u8> {
    [
        meters.call_count,
        meters.total_time,
        meters.total_cputime,
        meters.acc_id_util_pct,
    ]
    .into_iter()
    .flatten()
    // More than 100 is possible; the cast saturates.
    .map(|percent| percent.ceil() as u8)
    .max()
}

fn regain(meters: &Meters) -> Option<Duration> {
    let minutes = meters.estimated_time_to_regain_access? as u64;
    (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Usage {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = reqwest::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, value.parse().unwrap())
        });
        usage(&pairs.collect(), "v25.0")
    }

    #[test]
    fn the_fullest_meter_counts() {
        let app = r#"{"call_count":28,"total_time":25,"total_cputime":25}"#;
        let account = r#"{"acc_id_util_pct":9.67,"reset_time_duration":100,"ads_api_access_tier":"standard_access"}"#;
        let business = r#"{"112130216863063":[{"type":"pages","call_count":1,"total_cputime":1,"total_time":1,
            "estimated_time_to_regain_access":0,"ads_api_access_tier":"development_access"}]}"#;
        let throttled = r#"{"1":[{"type":"pages","call_count":40},{"type":"messenger","total_time":101,
            "estimated_time_to_regain_access":19}],"2":[{"call_count":3,"estimated_time_to_regain_access":7}]}"#;
        let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
        for (header, percent, regain) in [
            (("X-App-Usage", app), Some(28), None),
            (("x-PAGE-usage", app), Some(28), None),
            (("X-Ad-Account-Usage", account), Some(10), None),
            (
                ("X-Business-Use-Case-Usage", business.trim()),
                Some(1),
                None,
            ),
            (
                ("x-business-use-case-usage", throttled),
                Some(101),
                minutes(19),
            ),
            (
                ("X-App-Usage", r#"{"call_volume":12,"cpu_time":3}"#),
                None,
                None,
            ),
            (("X-App-Usage", "{call_count: 28"), None, None),
            (("X-App-Usage", "28"), None, None),
            (
                ("X-Business-Use-Case-Usage", r#"{"1":{"call_count":1}}"#),
                None,
                None,
            ),
            (("X-App-Usage", r#"{"call_count":-5}"#), Some(0), None),
            (("X-App-Usage", r#"{"call_count":99999}"#), Some(255), None),
        ] {
            let header = (header.0, &*header.1.replace('\n', " ").leak());
            let usage = read(&[header]);
            assert_eq!(
                (usage.percent, usage.regain),
                (percent, regain),
                "{header:?}"
            );
        }
        let both = read(&[
            ("x-app-usage", app),
            ("x-ad-account-usage", r#"{"acc_id_util_pct":77}"#),
        ]);
        assert_eq!(both.percent, Some(77));
    }

    #[test]
    fn only_a_different_version_is_reported() {
        assert_eq!(
            read(&[("Facebook-API-Version", "v25.0")]).served_version,
            None
        );
        let fallen_forward = read(&[("facebook-api-version", "v26.0")]);
        assert_eq!(fallen_forward.served_version.as_deref(), Some("v26.0"));
    }

    #[test]
    fn a_warning_about_the_version_is_kept_as_far_as_it_can_be_shown() {
        let text = "The call has been auto-upgraded to v26.0 as v25.0 will be deprecated.";
        let warning =
            |text: &'static str| read(&[("X-Ad-Api-Version-Warning", text)]).version_warning;
        let heard = warning(text).unwrap();
        assert_eq!((&*heard.version, &*heard.text), ("v25.0", text));
        let long: &str = "x\t".repeat(1_000).leak();
        assert_eq!(warning(long).unwrap().text, "x".repeat(200));
        assert_eq!(
            read(&[("Facebook-API-Version", "v25.0")]).version_warning,
            None
        );
    }

    #[test]
    fn metas_clock_is_read() {
        let dated = read(&[("Date", "Sun, 22 Nov 2026 09:25:50 GMT")]);
        assert_eq!(
            dated.served_at,
            Some("2026-11-22T09:25:50Z".parse().unwrap())
        );
        assert_eq!(read(&[("Date", "yesterday")]).served_at, None);
    }
}
