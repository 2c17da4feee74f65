//! The optional public part, behind the operator's TLS proxy: login links and their callback, calendars, and Meta's own
//! calls. It never acts and never waits for Meta: it reads the inventory and stores rows there. Of the inventory it
//! shows only what a login link, the address of a calendar, or a confirmation code is for.
//!
//! - `server`: connections and their limits · `rate_limit`: calls per client · `headers`: security headers
//! - `state`: what all routes share · `routes`: one file per subject · `page`, `text`: how an answer looks, and its
//!   texts

mod headers;
mod page;
mod rate_limit;
mod routes;
mod server;
mod state;
mod text;

use crate::login;
use crate::secret::Secret;
use crate::webhooks::AppSignatures;

pub use crate::http::ListenAddress;
pub use server::{bind, serve};

/// Where the public part listens, and what it needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: ListenAddress,
    /// The address that people use, without a slash at its end.
    pub public_url: String,
    pub webhook_verify_token: Option<Secret>,
    pub logins: login::Settings,
}

/// What a reload changes.
#[derive(Clone, Debug)]
pub struct Current {
    pub settings: Settings,
    /// The app secrets that verify the signatures of Meta's calls.
    pub app_signatures: AppSignatures,
}

#[cfg(test)]
mod tests;
