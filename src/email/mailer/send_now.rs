//! Sends one email immediately, without the queue, for programs that run without the daemon and need the result.

use jiff::Timestamp;

use super::Mailer;
use super::delivery_error::DeliveryError;
use super::message::Mail;
use super::transport::OpenTransport;
use crate::model::{Email, EmailId, NewEmail};

/// Who received an email that was sent once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    Everybody,
    /// Some recipients were refused, for this reason.
    Some(String),
}

/// No recipient received the email.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSent(String);

impl Mailer {
    /// Sends the email once, without a retry.
    pub async fn send_once(&self, email: NewEmail, now: Timestamp) -> Result<Reached, NotSent> {
        let email = Email {
            id: EmailId(0),
            email,
            reached: Vec::new(),
            refused: Vec::new(),
            written_at: now,
            attempts: 0,
            failing_since: None,
            last_error: None,
        };
        let mut mail = Mail::of(&email, &self.from, now)?;
        let mut route = OpenTransport::new(&self.transport);
        let accepted = route.send(&mail).await;
        route.close().await;
        let mut accepted = accepted?;
        accepted.rejections.append(&mut mail.unusable);
        let rejection = accepted.rejections.into_iter().next();
        match rejection.map(|rejection| rejection.delivery_error) {
            None => Ok(Reached::Everybody),
            Some(delivery_error) if accepted.reached.is_empty() => Err(delivery_error.into()),
            Some(delivery_error) => Ok(Reached::Some(delivery_error.reason().to_owned())),
        }
    }
}

impl From<DeliveryError> for NotSent {
    fn from(delivery_error: DeliveryError) -> Self {
        Self(delivery_error.reason().to_owned())
    }
}
