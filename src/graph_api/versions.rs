//! When versions end. A version of the Graph API has the same number as one of the Marketing API, which ends far sooner.
//!
//! An end counts once Meta has published it. Meta's rule for the Graph API (two years after the successor) gives no day:
//! Meta ended v20.0 eight days before it and v18.0 three days after it.

use jiff::civil::{Date, date};

/// The last days of a version, as far as Meta has published them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VersionEnds {
    pub graph: Option<Date>,
    pub marketing: Option<Date>,
}

impl VersionEnds {
    /// What the operator says counts for both.
    pub const fn both_on(day: Date) -> Self {
        Self {
            graph: Some(day),
            marketing: Some(day),
        }
    }

    /// The day that counts for an app. The Marketing API counts if its tokens are permitted to use it.
    pub const fn of_app(self, uses_ads: bool) -> Option<Date> {
        match (uses_ads, self.marketing) {
            (true, Some(day)) => Some(day),
            (true, None) | (false, _) => self.graph,
        }
    }
}

type Ends = (&'static str, Option<Date>, Option<Date>);

/// The versions with their ends in the Graph API and in the Marketing API.
///
/// Sources, at developers.facebook.com: `docs/graph-api/changelog/versions` (copies of mid-2026 in other languages than
/// English) and `documentation/ads-commerce/marketing-api/marketing-api-changelog/versions.md` (the copy that lists v27.0,
/// of 2026-11-04). The latter puts the end of v24.0 at 2026-11-10; until then Meta had announced 2026-10-06. The earlier
/// day counts, so that nobody is warned too late.
const ENDS: [Ends; 11] = [
    ("v17.0", on(2025, 9, 12), on(2024, 5, 14)),
    ("v18.0", on(2026, 1, 26), on(2024, 8, 13)),
    ("v19.0", on(2026, 5, 21), on(2025, 2, 4)),
    ("v20.0", on(2026, 9, 24), on(2025, 5, 6)),
    ("v21.0", on(2027, 1, 21), on(2025, 9, 9)),
    ("v22.0", on(2027, 5, 20), on(2026, 2, 19)),
    ("v23.0", on(2027, 10, 8), on(2026, 6, 9)),
    ("v24.0", on(2028, 2, 18), on(2026, 10, 6)),
    ("v25.0", on(2028, 7, 29), on(2027, 2, 23)),
    ("v26.0", None, None),
    ("v27.0", None, None),
];

const fn on(year: i16, month: i8, day: i8) -> Option<Date> {
    Some(date(year, month, day))
}

/// Returns the ends of a version. Both are unknown for a version that is not in the table.
pub fn version_ends(version: &str) -> VersionEnds {
    let known = ENDS.iter().find(|(known, ..)| *known == version);
    known.map_or_else(VersionEnds::default, |&(_, graph, marketing)| VersionEnds {
        graph,
        marketing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_known_or_not_but_never_guessed() {
        for (version, graph, marketing) in [
            ("v22.0", on(2027, 5, 20), on(2026, 2, 19)),
            ("v23.0", on(2027, 10, 8), on(2026, 6, 9)),
            ("v24.0", on(2028, 2, 18), on(2026, 10, 6)),
            ("v25.0", on(2028, 7, 29), on(2027, 2, 23)),
            ("v26.0", None, None),
            ("v27.0", None, None),
            ("v99.0", None, None),
            ("v1.0", None, None),
        ] {
            let expected = VersionEnds { graph, marketing };
            assert_eq!(version_ends(version), expected, "{version}");
        }
    }

    #[test]
    fn later_versions_end_later_and_those_of_the_marketing_api_sooner() {
        let known: Vec<_> = ENDS
            .iter()
            .take_while(|(_, graph, _)| graph.is_some())
            .collect();
        assert!(known.is_sorted_by_key(|(_, graph, _)| *graph));
        assert!(known.is_sorted_by_key(|(.., marketing)| *marketing));
        assert!(known.iter().all(|(_, graph, marketing)| marketing < graph));
    }

    #[test]
    fn the_use_of_the_app_decides_which_end_counts() {
        let ends = version_ends("v25.0");
        assert_eq!(ends.of_app(false), on(2028, 7, 29));
        assert_eq!(ends.of_app(true), on(2027, 2, 23));
        let own = VersionEnds::both_on(date(2027, 1, 1));
        assert_eq!(
            (own.of_app(false), own.of_app(true)),
            (on(2027, 1, 1), on(2027, 1, 1))
        );
        assert_eq!(version_ends("v26.0").of_app(true), None);
    }
}
