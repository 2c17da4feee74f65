//! Meta's Graph API: one method per call on [`Client`], answers in our own nouns, errors as the choices they leave.
//! Tokens go in and come out as [`Secret`](crate::secret::Secret); nothing else here ever holds one for long.
//!
//! - `client`: the calls · `debugger`: many inspections at once · `settings`: what a client must be told
//! - `caller`: asking with the app's secrets in turn · `credentials`: the requests that bear them · `proof`, `form`: how these are written
//! - `signature`: what Meta signs with these secrets
//! - `transport`: HTTP, with its limits · `headers`, `usage`: what Meta says of our call budget
//! - `wire`, `value`: JSON as sent · `inspection`, `batch`, `reading`: reading it · `error`, `classify`, `texts`: codes to what we can do

mod answer;
mod batch;
mod caller;
mod classify;
mod client;
mod credentials;
mod debugger;
mod error;
mod form;
mod headers;
mod inspection;
mod proof;
mod responses;
mod settings;
mod signature;
mod texts;
mod transport;
mod usage;
mod value;
mod versions;
mod wire;

#[cfg(test)]
mod tests;

pub use answer::{Inspection, PageGrant, Permission, Profile, Reply};
pub use client::Client;
pub use error::{Bucket, Certainty, Error, TokenRejection};
pub use settings::{Settings, SettingsError};
pub use signature::Signatures;
pub use usage::{Budget, Usage};
pub use versions::version_ends_on;
