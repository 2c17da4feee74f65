//! Gets letters out of the outbox: one message to all recipients of a letter, again and again until they have it.

mod encrypted;
mod fault;
mod folder;
mod limit;
mod message;
mod once;
mod patience;
mod round;
mod route;
mod sendmail;
mod smtp;
mod talk;
mod tls;

#[cfg(test)]
mod reading;
#[cfg(test)]
mod sink;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod torrent;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use lettre::message::Mailbox;

use crate::inventory::{self, Inventory};
use crate::secret::Secret;
pub use once::{NotSent, Reached};
use patience::Patience;
use round::Round;
pub use tls::{Authority, NoCertificate};

/// Who sends, and by which way.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A mailbox as it stands in a letter's header.
    pub from: String,
    pub transport: Transport,
}

/// The way by which letters leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    Smtp {
        host: String,
        port: u16,
        security: Security,
        user: Option<String>,
        password: Option<Secret>,
        /// Who vouches for the server, besides those whom the machine trusts.
        ca: Option<Authority>,
    },
    /// The local mail program.
    Sendmail,
    /// One `.eml` file per letter.
    Directory(PathBuf),
    /// Nothing is set up: letters stay in the inventory.
    Nowhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS before anything is said; without it nothing is sent.
    StartTls,
    /// No TLS, and no other machine than this one.
    PlainLoopback,
}

#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
    /// Nothing has got through since the start or the last failure of the mail path.
    doubtful: AtomicBool,
    patience: Patience,
}

#[derive(Debug, thiserror::Error)]
#[error("[alerts] from is not a mailbox. Write it like \"Perennial <perennial@example.com>\"")]
pub struct BadSender;

/// What became of the letters of one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailReport {
    pub sent: usize,
    /// Tried, to be tried again later.
    pub delayed: usize,
    /// Tried for the last time.
    pub given_up: usize,
}

impl Mailer {
    pub fn new(settings: Settings) -> Result<Self, BadSender> {
        Ok(Self {
            from: settings.from.parse().map_err(|_| BadSender)?,
            transport: settings.transport,
            doubtful: AtomicBool::new(true),
            patience: Patience::default(),
        })
    }

    /// Sends what is due, over one connection. A mail path in trouble is asked once, not once per letter.
    pub async fn send_waiting(
        &self,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<MailReport, inventory::Error> {
        Round::new(self, inventory, now).run().await
    }
}
