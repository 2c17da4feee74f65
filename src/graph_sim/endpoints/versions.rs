//! Graph versions: which one answers a call. The oldest living version answers calls for dead versions and calls
//! without one.

use std::fmt;

use jiff::Timestamp;

/// A major version; Meta has released no minor ones for years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u16);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.0", self.0)
    }
}

/// Versions with their last day (Meta's changelog, 2026). Those that follow have none yet.
const ENDS: [(u16, &str); 9] = [
    (17, "2025-09-12T00:00:00Z"),
    (18, "2026-01-26T00:00:00Z"),
    (19, "2026-05-21T00:00:00Z"),
    (20, "2026-09-24T00:00:00Z"),
    (21, "2027-01-21T00:00:00Z"),
    (22, "2027-05-20T00:00:00Z"),
    (23, "2027-10-08T00:00:00Z"),
    (24, "2028-02-18T00:00:00Z"),
    (25, "2028-07-29T00:00:00Z"),
];
const FIRST_WITHOUT_END: Version = Version(26);
const NEWEST: Version = Version(27);

/// Splits the version from a path, if it has one.
pub(crate) fn split(path: &str) -> (Option<Version>, &str) {
    let path = path.trim_start_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    match parse(first) {
        Some(version) => (Some(version), rest),
        None => (None, path),
    }
}

fn parse(segment: &str) -> Option<Version> {
    let (major, minor) = segment.strip_prefix('v')?.split_once('.')?;
    minor.parse::<u16>().ok()?;
    major.parse().ok().map(Version)
}

/// Returns the version that answers a call for `asked`.
pub(crate) fn served(now: Timestamp, asked: Option<Version>) -> Version {
    let oldest = oldest_alive(now);
    asked.map_or(oldest, |asked| asked.max(oldest))
}

pub(crate) fn is_released(version: Version) -> bool {
    version <= NEWEST
}

fn oldest_alive(now: Timestamp) -> Version {
    let alive = ENDS
        .iter()
        .find(|(_, end)| end.parse().is_ok_and(|end: Timestamp| now < end));
    alive.map_or(FIRST_WITHOUT_END, |(major, _)| Version(*major))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_and_missing_versions_fall_forward() {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        for (path, expected) in [
            ("/v25.0/me", "v25.0"),
            ("/v21.0/me", "v21.0"),
            ("/v20.0/me", "v21.0"),
            ("/v2.3/me", "v21.0"),
            ("/me", "v21.0"),
            ("/", "v21.0"),
        ] {
            assert_eq!(served(now, split(path).0).to_string(), expected, "{path}");
        }
    }

    #[test]
    fn the_newest_version_is_that_of_november_2026() {
        assert!(is_released(Version(27)));
        assert!(!is_released(Version(28)));
    }

    #[test]
    fn a_version_ends_while_time_goes_by() {
        for (now, expected) in [
            ("2025-01-01T00:00:00Z", "v17.0"),
            ("2028-02-18T00:00:00Z", "v25.0"),
            ("2040-01-01T00:00:00Z", "v26.0"),
        ] {
            assert_eq!(served(now.parse().unwrap(), None).to_string(), expected);
        }
    }

    #[test]
    fn the_path_is_what_follows_the_version() {
        assert_eq!(split("/v25.0/me/accounts").1, "me/accounts");
        assert_eq!(split("v25.0").1, "");
        assert_eq!(split("/me/accounts").1, "me/accounts");
        assert_eq!(split("/vanity/x").1, "vanity/x");
    }
}
