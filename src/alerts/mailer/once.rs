//! Sends one letter now, past the outbox: for whoever runs without the daemon, and must know what came of it.

use jiff::Timestamp;

use super::Mailer;
use super::fault::Fault;
use super::message::Mail;
use super::route::{Route, Taken};
use crate::inventory::{Letter, LetterId, NewLetter};

/// Whom a letter reached that was sent once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    Everybody,
    /// Not everybody, and why.
    Some(String),
}

/// The letter reached nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSent(String);

impl Mailer {
    /// It is not tried again.
    pub async fn send_once(&self, letter: NewLetter, now: Timestamp) -> Result<Reached, NotSent> {
        let letter = Letter {
            id: LetterId(0),
            letter,
            reached: Vec::new(),
            written_at: now,
            attempts: 0,
        };
        let mail = Mail::of(&letter, &self.from, now)?;
        let mut route = Route::new(&self.transport);
        let taken = route.carry(&mail).await;
        route.close().await;
        let Taken { refusal, .. } = taken?;
        let refusal = refusal.or(mail.unusable);
        Ok(refusal.map_or(Reached::Everybody, |fault| {
            Reached::Some(fault.reason().to_owned())
        }))
    }
}

impl From<Fault> for NotSent {
    fn from(fault: Fault) -> Self {
        Self(fault.reason().to_owned())
    }
}
