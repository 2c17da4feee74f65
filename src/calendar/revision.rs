//! What has changed since a calendar was last shown.

use jiff::Timestamp;

/// How often a calendar has changed, and when it did last. Calendar programs ignore a change without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    pub sequence: u32,
    pub modified_at: Timestamp,
}
