//! Sends one letter now, past the outbox: for whoever runs without the daemon, and must know what came of it.

use jiff::Timestamp;

use super::Mailer;
use super::fault::Fault;
use super::message::Mail;
use super::route::Route;
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
            refused: Vec::new(),
            written_at: now,
            attempts: 0,
            troubled_since: None,
            last_error: None,
        };
        let mut mail = Mail::of(&letter, &self.from, now)?;
        let mut route = Route::new(&self.transport);
        let taken = route.carry(&mail).await;
        route.close().await;
        let mut taken = taken?;
        taken.refusals.append(&mut mail.unusable);
        let refusal = taken.refusals.into_iter().next();
        match refusal.map(|refusal| refusal.fault) {
            None => Ok(Reached::Everybody),
            Some(fault) if taken.reached.is_empty() => Err(fault.into()),
            Some(fault) => Ok(Reached::Some(fault.reason().to_owned())),
        }
    }
}

impl From<Fault> for NotSent {
    fn from(fault: Fault) -> Self {
        Self(fault.reason().to_owned())
    }
}
