//! The optional public part, behind the operator's TLS proxy: login links and their callback, calendars, and Meta's own
//! calls. It never acts and never waits for Meta: it reads the inventory and stores rows there. Of the inventory it
//! shows only what a login link, the address of a calendar, or a confirmation code is for.
//!
//! - `server`: connections and their limits · `rate_limit`: calls per client · `headers`: security headers
//! - `state`: what all routes share · `reader`, `layout`: in whose language · `routes`: one file per subject · `page`,
//!   `text`: how an answer looks, and its texts · `short_pages`, `prepared`: that there is nothing here, or not now

#[cfg(fuzzing)]
pub mod fuzzing;
mod headers;
mod layout;
mod page;
mod prepared;
mod rate_limit;
mod reader;
mod routes;
mod server;
mod short_pages;
mod state;
mod text;

use jiff::tz::TimeZone;

use crate::email::Sender;
use crate::email::text::Language;
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
    /// Who the pages are of, and whom to ask.
    pub sender: Sender,
    /// The language for browsers that ask for none of ours.
    pub language: Language,
    /// The time zone of times on pages.
    pub timezone: TimeZone,
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
