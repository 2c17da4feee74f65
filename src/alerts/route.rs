//! Routes: settings for some of the tokens.

use jiff::SignedDuration;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::quiet_hours::Quiet;
use crate::email::text::Language;
use crate::model::{Kind, Owner, name_matches};

/// Different settings for some of the tokens. What a route does not set is as in the general settings.
#[derive(Clone, Debug, Default)]
pub struct Route {
    pub app: Option<String>,
    pub kind: Option<Kind>,
    /// Names of tokens, or patterns with `*`.
    pub tokens: Vec<String>,
    /// Addresses of owners, or patterns with `*`.
    pub owners: Vec<String>,
    /// Notified in place of the owners.
    pub to: Vec<String>,
    /// Notified as well.
    pub cc: Vec<String>,
    pub copy_operators: bool,
    pub escalate_after: Option<SignedDuration>,
    pub escalate_to: Vec<String>,
    pub language: Option<Language>,
    pub timezone: Option<TimeZone>,
    pub quiet_hours: Option<Quiet>,
    pub working_days: Vec<Weekday>,
}

impl Route {
    pub(super) fn leads(&self, of_app: &str, owner: &Owner) -> bool {
        let matches_one = |patterns: &[String], name: &str| {
            patterns.iter().any(|pattern| name_matches(pattern, name))
        };
        let app = self.app.as_ref();
        app.is_none_or(|app| app == of_app)
            && self.kind.is_none_or(|kind| owner.kind == Some(kind))
            && (self.tokens.is_empty() || matches_one(&self.tokens, &owner.name))
            && (self.owners.is_empty()
                || owner
                    .owners
                    .iter()
                    .any(|owner| matches_one(&self.owners, owner)))
    }
}
