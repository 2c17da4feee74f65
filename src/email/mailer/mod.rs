//! Sends the queued emails: one message to all recipients of an email, repeated until they have it.

mod delivery_error;
mod eml_dir;
mod encrypted;
mod limit;
mod message;
mod path_check;
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
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use lettre::message::Mailbox;

use crate::inventory::{self, Inventory};
use crate::model::{Attempt, Email};
use crate::secret::Secret;
pub use path_check::PathCheck;
use recipient_backoff::RecipientBackoff;
pub use send_now::{NotSent, Reached};
use send_queue::SendQueue;
pub use tls::{Authority, NoCertificate};

/// The sender and the transport.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A mailbox as written in an email header.
    pub from: String,
    pub transport: Transport,
}

/// How emails are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    Smtp(SmtpServer),
    /// The local `sendmail` program.
    Sendmail,
    /// One `.eml` file per email.
    Directory(PathBuf),
    /// Not configured: emails stay in the inventory.
    Nowhere,
}

/// The mail server, and how to connect to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// An additional certificate authority besides those that the machine trusts.
    pub ca: Option<Authority>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS before anything else; without it nothing is sent.
    StartTls,
    /// No TLS, only to this machine.
    PlainLoopback,
}

#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
    /// No email got through since the start, or since the mail path failed.
    doubtful: AtomicBool,
    backoff: RecipientBackoff,
    unrecorded: Mutex<Option<Tried>>,
}

/// An attempt that could not be recorded. Nothing is sent before it is, because the inventory would have the same email
/// sent again.
#[derive(Clone, Debug)]
struct Tried {
    email: Email,
    attempt: Attempt,
    at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
#[error("[alerts] from is not a mailbox. Write it like \"Perennial <perennial@example.com>\"")]
pub struct BadSender;

/// The result of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailReport {
    pub sent: usize,
    /// Failed and will be retried.
    pub delayed: usize,
    /// Failed for the last time.
    pub given_up: usize,
}

impl Mailer {
    pub fn new(settings: Settings) -> Result<Self, BadSender> {
        Ok(Self {
            from: settings.from.parse().map_err(|_| BadSender)?,
            transport: settings.transport,
            doubtful: AtomicBool::new(true),
            backoff: RecipientBackoff::default(),
            unrecorded: Mutex::default(),
        })
    }

    fn unrecorded(&self) -> MutexGuard<'_, Option<Tried>> {
        self.unrecorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the emails that are due over one connection. A failing mail path is tried once, not once per email.
    pub async fn send_waiting(
        &self,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<MailReport, inventory::Error> {
        SendQueue::new(self, inventory, now).run().await
    }
}
