//! One round of sending: each letter is handed over, and what came of it is noted before the next one.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::fault::Fault;
use super::message::Mail;
use super::route::{Route, Taken};
use super::{MailReport, Mailer};
use crate::inventory::{Error, Inventory, Letter};

/// Waits between attempts; the last one repeats, for days if need be.
const RETRY_AFTER: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(4),
];

/// What is refused for good may yet be mended by somebody, so it is tried now and then.
const RETRY_REFUSED: SignedDuration = SignedDuration::from_hours(4);

const BATCH: usize = 50;

pub(super) struct Round<'a> {
    mailer: &'a Mailer,
    inventory: &'a Inventory,
    route: Route<'a>,
    report: MailReport,
    now: Timestamp,
}

impl<'a> Round<'a> {
    pub(super) fn new(mailer: &'a Mailer, inventory: &'a Inventory, now: Timestamp) -> Self {
        Self {
            mailer,
            inventory,
            route: Route::new(&mailer.transport),
            report: MailReport::default(),
            now,
        }
    }

    pub(super) async fn run(mut self) -> Result<MailReport, Error> {
        let done = self.send_all().await;
        self.route.close().await;
        done.map(|()| self.report)
    }

    async fn send_all(&mut self) -> Result<(), Error> {
        let now = self.now;
        loop {
            let due = self
                .inventory
                .read(move |view| view.letters_to_send(now, BATCH))
                .await?;
            if due.is_empty() {
                return Ok(());
            }
            for letter in due {
                if self.send(letter).await?.is_break() {
                    return Ok(());
                }
            }
        }
    }

    async fn send(&mut self, letter: Letter) -> Result<ControlFlow<()>, Error> {
        match self.hand_over(&letter).await {
            Ok(Taken { refusal: None, .. }) => self.note_sent(letter).await?,
            Ok(Taken {
                reached,
                refusal: Some(refusal),
            }) => {
                self.note_reached(&letter, reached).await?;
                self.note_delayed(letter, refusal).await?;
            }
            Err(fault @ Fault::Path(_)) => {
                self.put_off_all(letter, fault).await?;
                return Ok(ControlFlow::Break(()));
            }
            Err(fault @ (Fault::Later(_) | Fault::Refused(_))) => {
                self.note_delayed(letter, fault).await?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn hand_over(&mut self, letter: &Letter) -> Result<Taken, Fault> {
        let mail = Mail::of(letter, &self.mailer.from, self.now)?;
        let mut taken = self.route.carry(&mail).await?;
        taken.refusal = taken.refusal.or(mail.unusable);
        Ok(taken)
    }

    /// When the path works again, whatever still waits because of it goes at once.
    async fn note_sent(&mut self, letter: Letter) -> Result<(), Error> {
        let now = self.now;
        let recovered =
            self.report.delayed == 0 && self.mailer.doubtful.swap(false, Ordering::Relaxed);
        self.inventory
            .write(move |tx| {
                tx.letter_sent(&letter, now)?;
                if recovered {
                    tx.retry_letters(now)
                } else {
                    Ok(())
                }
            })
            .await?;
        self.report.sent += 1;
        Ok(())
    }

    async fn note_reached(&self, letter: &Letter, new: Vec<String>) -> Result<(), Error> {
        let letter = letter.clone();
        let reached = [letter.reached.clone(), new].concat();
        self.inventory
            .write(move |tx| tx.letter_reached(&letter, &reached))
            .await
    }

    async fn note_delayed(&mut self, letter: Letter, fault: Fault) -> Result<(), Error> {
        let now = self.now;
        let next_try_at = now.checked_add(wait(&fault, letter.attempts)).ok();
        tracing::warn!(
            letter = letter.id.0,
            reason = fault.reason(),
            "a letter could not be sent; it will be tried again"
        );
        self.inventory
            .write(move |tx| tx.letter_delayed(&letter, fault.reason(), next_try_at, now))
            .await?;
        self.report.delayed += 1;
        Ok(())
    }

    /// The others wait as long as the one that found the path in trouble, without an attempt being counted.
    async fn put_off_all(&mut self, letter: Letter, fault: Fault) -> Result<(), Error> {
        self.mailer.doubtful.store(true, Ordering::Relaxed);
        let now = self.now;
        let next_try_at = now
            .checked_add(wait(&fault, letter.attempts))
            .unwrap_or(Timestamp::MAX);
        let reason = fault.reason().to_owned();
        self.note_delayed(letter, fault).await?;
        self.inventory
            .write(move |tx| tx.put_off_letters(&reason, next_try_at, now))
            .await?;
        Ok(())
    }
}

fn wait(fault: &Fault, attempts: u32) -> SignedDuration {
    let [.., last] = RETRY_AFTER;
    match fault {
        Fault::Refused(_) => RETRY_REFUSED,
        Fault::Path(_) | Fault::Later(_) => {
            let attempt = usize::try_from(attempts).unwrap_or(usize::MAX);
            RETRY_AFTER.get(attempt).copied().unwrap_or(last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_never_end() {
        let later = Fault::Later(String::new());
        let minutes = |attempts| wait(&later, attempts).as_mins();
        assert_eq!([0, 1, 2, 3, 4].map(minutes), [1, 5, 15, 60, 240]);
        assert_eq!(minutes(1_000), 240);
        assert_eq!(wait(&Fault::Refused(String::new()), 0).as_hours(), 4);
    }
}
