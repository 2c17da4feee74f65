//! What is known about an app itself, rather than about its tokens.

use jiff::Timestamp;

use super::Cause;

#[derive(Clone, Debug, Default)]
pub struct AppRecord {
    pub name: String,
    /// The call budget, as stored; empty at first.
    pub budget: String,
    pub error: Option<AppError>,
    /// No calls before this time.
    pub resume_at: Option<Timestamp>,
    /// The Graph version that answered, when it is not the configured one.
    pub served_version: Option<String>,
}

/// Meta refuses the app, or does not answer its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppError {
    pub cause: Cause,
    pub since: Timestamp,
    pub failures: u32,
}
