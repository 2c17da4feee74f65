//! The client of Meta's Graph API: one method per call on [`Client`], and errors that say how to react.
//! Tokens are passed in and returned as [`Secret`](crate::secret::Secret); nothing else here keeps one for long.
//!
//! - `client`: the calls · `debugger`: many inspections at once · `question`: one of them · `settings`: the configuration of a client
//! - `platform`: what differs between Facebook, Instagram and Threads
//! - `session`: counts the calls of one pass
//! - `caller`: tries the app's secrets in turn · `credentials`: the requests that carry them · `proof`: their proof
//! - `signature`: verifies what Meta signs with these secrets
//! - `transport`: HTTP with its limits · `headers`, `usage`: the call budget
//! - `wire`, `value`: Meta's JSON · `inspection`, `batch`, `responses`: its meaning · `answer`: the results
//! - `error`, `classify`, `texts`: Meta's errors and how to react to them
//! - `versions`: when versions end · `version_notices`: what Meta's answers say about the version in use

mod answer;
mod batch;
mod caller;
mod classify;
mod client;
mod credentials;
mod debugger;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod grant;
mod headers;
mod inspection;
mod platform;
mod probe;
mod proof;
mod question;
mod responses;
mod session;
mod settings;
mod signature;
mod texts;
mod transport;
mod usage;
mod value;
mod version_notices;
mod versions;
mod wire;

#[cfg(test)]
mod tests;

pub use answer::{Inspection, PageFields, Permission, Profile, Reply};
pub use client::Client;
pub use error::{Bucket, Certainty, Error, TokenRejection};
pub use grant::Grant;
pub use platform::{FACEBOOK, INSTAGRAM, Platform, THREADS};
pub use question::{Description, Question};
pub use session::{Reservation, Session};
pub use settings::{Settings, SettingsError};
pub use signature::Signatures;
pub use usage::{Budget, Usage};
pub use version_notices::{VersionNews, VersionNotice, VersionNotices};
pub use versions::{VersionEnds, version_ends};
