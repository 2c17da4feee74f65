//! What Meta's answers say about the version that an app asks in, and whether its tokens may use the Marketing API. Pure;
//! stored with the app's call budget.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A warning or a refusal of the version in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionNotice {
    /// The version that the call asked for.
    pub version: String,
    /// What Meta said, without anything that a terminal might interpret. Empty for a refusal.
    pub text: String,
}

/// A notice that was not known, or not for a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionNews {
    Warned(VersionNotice),
    Refused(VersionNotice),
}

impl fmt::Display for VersionNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Warned(VersionNotice { version, text }) => write!(
                f,
                "Meta warns about version {version} of the Marketing API ({text:?}); set a newer graph_version"
            ),
            Self::Refused(VersionNotice { version, .. }) => write!(
                f,
                "Meta refused a call because version {version} of the Marketing API has ended (code 2635); set a newer \
                 graph_version"
            ),
        }
    }
}

/// What is known of an app's version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionNotices {
    /// When a token was last found to have a permission for ads.
    ads_seen_at: Option<Timestamp>,
    warning: Option<Heard>,
    refusal: Option<Heard>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    notice: VersionNotice,
    at: Timestamp,
}

/// Every token is judged anew within 30 days, even if Meta always gives the same answer about it.
const ADS_SEEN_FOR: SignedDuration = SignedDuration::from_hours(24 * 45);
/// A notice counts for this long after Meta gave it last. Tokens are checked daily.
const NOTICE_LASTS: SignedDuration = SignedDuration::from_hours(24 * 7);
/// The same notice is news again after this long.
const NEWS_EVERY: SignedDuration = SignedDuration::from_hours(24);

impl VersionNotices {
    pub const fn saw_ads(&mut self, now: Timestamp) {
        self.ads_seen_at = Some(now);
    }

    /// Whether a token of the app has had a permission for ads lately.
    pub fn uses_ads(&self, now: Timestamp) -> bool {
        self.ads_seen_at
            .is_some_and(|at| is_within(at, ADS_SEEN_FOR, now))
    }

    /// Meta's warning about this version.
    pub fn warning(&self, version: &str, now: Timestamp) -> Option<&VersionNotice> {
        current(self.warning.as_ref(), version, now)
    }

    /// Meta's refusal of a call in this version.
    pub fn refusal(&self, version: &str, now: Timestamp) -> Option<&VersionNotice> {
        current(self.refusal.as_ref(), version, now)
    }

    /// Takes note of what answers said. Returns what is news: the same at most once a day.
    pub(super) fn hear(
        &mut self,
        warning: Option<&VersionNotice>,
        refusal: Option<&VersionNotice>,
        now: Timestamp,
    ) -> Vec<VersionNews> {
        let warning = hear(&mut self.warning, warning, now);
        let refusal = hear(&mut self.refusal, refusal, now);
        let warned = warning.map(VersionNews::Warned);
        let refused = refusal.map(VersionNews::Refused);
        warned.into_iter().chain(refused).collect()
    }
}

/// The time stays that of the news, so that a notice in every answer is not one change each.
fn hear(
    known: &mut Option<Heard>,
    notice: Option<&VersionNotice>,
    now: Timestamp,
) -> Option<VersionNotice> {
    let notice = notice?;
    let is_known = known.as_ref().is_some_and(|heard| {
        heard.notice.version == notice.version && is_within(heard.at, NEWS_EVERY, now)
    });
    if is_known {
        return None;
    }
    *known = Some(Heard {
        notice: notice.clone(),
        at: now,
    });
    Some(notice.clone())
}

fn current<'a>(
    heard: Option<&'a Heard>,
    version: &str,
    now: Timestamp,
) -> Option<&'a VersionNotice> {
    let heard = heard.filter(|heard| heard.notice.version == version)?;
    is_within(heard.at, NOTICE_LASTS, now).then_some(&heard.notice)
}

/// A time in the future comes from a clock that was wrong.
fn is_within(at: Timestamp, span: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(at).abs() < span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Timestamp {
        let start: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        start + SignedDuration::from_hours(24 * n)
    }

    fn notice(version: &str) -> VersionNotice {
        VersionNotice {
            version: version.to_owned(),
            text: "v25.0 will be deprecated.".to_owned(),
        }
    }

    #[test]
    fn a_notice_is_news_once_a_day() {
        let mut notices = VersionNotices::default();
        let mut news = |hours: i64, version: &str| {
            let now = day(0) + SignedDuration::from_hours(hours);
            !notices.hear(Some(&notice(version)), None, now).is_empty()
        };
        assert!(news(0, "v25.0"));
        assert!(!news(1, "v25.0"));
        assert!(!news(23, "v25.0"));
        assert!(news(24, "v25.0"));
        assert!(!news(30, "v25.0"));
        assert!(news(31, "v26.0"), "of another version");
    }

    #[test]
    fn a_notice_is_over_with_another_version_or_after_a_week_of_silence() {
        let mut notices = VersionNotices::default();
        notices.hear(Some(&notice("v25.0")), None, day(0));
        assert_eq!(notices.warning("v25.0", day(6)), Some(&notice("v25.0")));
        assert_eq!(notices.warning("v25.0", day(7)), None);
        assert_eq!(notices.warning("v26.0", day(1)), None);
        assert_eq!(notices.refusal("v25.0", day(1)), None);
        let news = notices.hear(None, Some(&notice("v25.0")), day(1));
        assert_eq!(news, [VersionNews::Refused(notice("v25.0"))]);
        assert!(notices.refusal("v25.0", day(1)).is_some());
    }

    #[test]
    fn an_app_uses_ads_as_long_as_its_checks_can_show_it() {
        let mut notices = VersionNotices::default();
        assert!(!notices.uses_ads(day(0)));
        notices.saw_ads(day(0));
        assert!(
            notices.uses_ads(day(31)),
            "a known answer is judged again by then"
        );
        assert!(!notices.uses_ads(day(45)));
    }
}
