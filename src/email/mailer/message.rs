//! Builds the message: headers, text and HTML, all in ASCII.

use std::path::PathBuf;

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};

use super::delivery_error::DeliveryError;
use crate::email::formatting;
use crate::model::{Email, NewEmail};

const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
const LIST_ID: HeaderName = HeaderName::new_from_ascii_str("List-Id");
/// Keeps Exchange from sending automatic replies, including out-of-office notices.
const SUPPRESS: HeaderName = HeaderName::new_from_ascii_str("X-Auto-Response-Suppress");
const INCIDENT: HeaderName = HeaderName::new_from_ascii_str("X-Perennial-Incident");

pub(super) struct Mail {
    pub(super) from: Address,
    /// The recipients who do not have it yet.
    pub(super) to: Vec<Recipient>,
    /// Recipients that are not valid email addresses.
    pub(super) unusable: Vec<RejectedRecipient>,
    pub(super) bytes: Vec<u8>,
    pub(super) file_name: String,
}

pub(super) struct Recipient {
    /// As written in the email.
    pub(super) name: String,
    pub(super) address: Address,
}

/// The recipients who got the email, and those who did not.
#[derive(Debug, Default)]
pub(super) struct AcceptedRecipients {
    /// Recipients as written in the email.
    pub(super) reached: Vec<String>,
    pub(super) rejections: Vec<RejectedRecipient>,
    /// Where it was written, if it was not sent.
    pub(super) file: Option<PathBuf>,
}

/// A recipient that the mail server refused.
#[derive(Debug)]
pub(super) struct RejectedRecipient {
    pub(super) recipient: String,
    pub(super) delivery_error: DeliveryError,
}

impl Mail {
    /// Builds the message. The header lists all recipients, so that each one sees who else got it.
    pub(super) fn of(email: &Email, from: &Mailbox, now: Timestamp) -> Result<Self, DeliveryError> {
        let all = &email.email.recipients;
        let mailboxes = || all.iter().filter_map(|name| Some((name, mailbox(name)?)));
        if mailboxes().next().is_none() {
            return Err(DeliveryError::refused(
                "no recipient of the email is a mail address",
            ));
        }
        let message = message(&email.email, from, mailboxes().map(|(_, to)| to), now)
            .map_err(DeliveryError::refused)?;
        let is_done = |name| email.reached.contains(name) || email.refused.contains(name);
        let waiting = mailboxes().filter(|(name, _)| !is_done(name));
        let unusable = all.iter().filter(|name| mailbox(name).is_none());
        Ok(Self {
            from: from.email.clone(),
            to: waiting
                .map(|(name, to)| Recipient {
                    name: name.clone(),
                    address: to.email,
                })
                .collect(),
            unusable: unusable
                .filter(|name| !is_done(name))
                .map(|name| RejectedRecipient {
                    recipient: name.clone(),
                    delivery_error: DeliveryError::refused(
                        "a recipient of the email is not a mail address",
                    ),
                })
                .collect(),
            bytes: message.formatted(),
            file_name: file_name(email),
        })
    }

    /// All recipients who did not have it yet have it now.
    pub(super) fn accepted_by_all(&self) -> AcceptedRecipients {
        AcceptedRecipients {
            reached: self.to.iter().map(|to| to.name.clone()).collect(),
            ..AcceptedRecipients::default()
        }
    }
}

fn mailbox(text: &str) -> Option<Mailbox> {
    text.parse().ok()
}

fn message(
    email: &NewEmail,
    from: &Mailbox,
    to: impl Iterator<Item = Mailbox>,
    now: Timestamp,
) -> Result<Message, lettre::error::Error> {
    let mut message = Message::builder()
        .message_id(Some(format!("<{}>", email.message_id)))
        .date(now.into())
        .from(from.clone())
        .subject(formatting::line(&email.subject))
        .raw_header(HeaderValue::new(
            AUTO_SUBMITTED,
            "auto-generated".to_owned(),
        ))
        .raw_header(HeaderValue::new(SUPPRESS, "All".to_owned()))
        .raw_header(HeaderValue::new(LIST_ID, list_id(from)));
    for to in to {
        message = message.to(to);
    }
    if let Some(first) = &email.in_reply_to {
        let first = format!("<{first}>");
        message = message.in_reply_to(first.clone()).references(first);
    }
    if let Some(incident) = email.incident {
        message = message.raw_header(HeaderValue::new(INCIDENT, incident.0.to_string()));
    }
    let text = SinglePart::plain(lines(&email.text));
    if email.html.is_empty() {
        return message.singlepart(text);
    }
    let both = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(boundary(&email.message_id))
        .singlepart(text)
        .singlepart(SinglePart::html(lines(&email.html)));
    message.multipart(both)
}

/// Normalises line ends, because mail servers refuse a lone carriage return.
fn lines(body: &str) -> String {
    body.replace("\r\n", "\n").replace('\r', "\n")
}

/// The same for all emails of one installation, for filters in mail programs. There is no `Precedence` header, so that
/// emails are not sorted as bulk mail.
fn list_id(from: &Mailbox) -> String {
    format!("Perennial <perennial.{}>", from.email.domain())
}

/// Starts with characters that neither part encoding produces, and is stable for the same email.
fn boundary(message_id: &str) -> String {
    format!(
        "=_{}",
        plain(message_id).chars().take(60).collect::<String>()
    )
}

/// Sorts by time, and is stable for the same email.
fn file_name(email: &Email) -> String {
    let written = email.written_at.strftime("%Y%m%dT%H%M%SZ");
    format!("{written}-{}.eml", plain(&email.email.message_id))
}

/// Keeps only characters that are allowed in a boundary and in a file name.
fn plain(message_id: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let characters = message_id.chars();
    characters
        .map(|c| if harmless(c) { c } else { '_' })
        .collect()
}
