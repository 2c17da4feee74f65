//! The facts of the operators' summary.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::text::Language;
use crate::model::{ActivityCounts, ComingLogin, Fleet, Incident, MailQueue, SingleAdminPages};

/// An app and its configured Graph version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphVersion {
    pub app: String,
    pub version: String,
    pub ends_on: Option<Date>,
}

/// The facts of a summary.
#[derive(Debug)]
pub(crate) struct DigestContext {
    pub(crate) fleet: Fleet,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) logins: Vec<ComingLogin>,
    pub(crate) single_admin_pages: Vec<SingleAdminPages>,
    pub(crate) activity: ActivityCounts,
    pub(crate) mail: MailQueue,
    /// The versions that end within [`VERSIONS_AHEAD`].
    pub(crate) versions: Vec<GraphVersion>,
    pub(crate) recipients: Vec<String>,
    pub(crate) since: Timestamp,
    pub(crate) next: Option<Timestamp>,
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) language: Language,
}

impl DigestContext {
    /// Whether nothing needs attention.
    pub(crate) const fn is_all_well(&self) -> bool {
        self.fleet.dead == 0 && self.fleet.failing == 0 && self.incidents.is_empty()
    }
}
