//! Gets emails out of the outbox: one message to all recipients of an email, again and again until they have it.

mod delivery_error;
mod eml_dir;
mod encrypted;
mod limit;
mod message;
mod recipient_backoff;
mod send_now;
mod send_queue;
mod sendmail;
mod smtp;
mod tls;
mod transcript;
mod transport;

#[cfg(test)]
mod endless_server_tests;
#[cfg(test)]
mod test_parser;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use lettre::message::Mailbox;

use crate::inventory::{self, Inventory};
use crate::secret::Secret;
use recipient_backoff::RecipientBackoff;
pub use send_now::{NotSent, Reached};
use send_queue::SendQueue;
pub use tls::{Authority, NoCertificate};

/// Who sends, and by which way.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A mailbox as it stands in an email's header.
    pub from: String,
    pub transport: Transport,
}

/// The way by which emails leave.
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
    /// One `.eml` file per email.
    Directory(PathBuf),
    /// Nothing is set up: emails stay in the inventory.
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
    backoff: RecipientBackoff,
}

#[derive(Debug, thiserror::Error)]
#[error("[alerts] from is not a mailbox. Write it like \"Perennial <perennial@example.com>\"")]
pub struct BadSender;

/// What became of the emails of one pass.
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
            backoff: RecipientBackoff::default(),
        })
    }

    /// Sends what is due, over one connection. A mail path in trouble is asked once, not once per email.
    pub async fn send_waiting(
        &self,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<MailReport, inventory::Error> {
        SendQueue::new(self, inventory, now).run().await
    }
}
