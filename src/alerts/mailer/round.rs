//! One round of sending: each letter is handed over, and what came of it is noted before the next one.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::fault::Fault;
use super::message::Mail;
use super::patience;
use super::route::{Refusal, Route, Taken};
use super::{MailReport, Mailer};
use crate::inventory::{Attempt, Error, Inventory, Letter, Verdict};

/// After so many days of "later" from a server that can be reached, nobody believes it any more.
const LATEST: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What is refused for good may yet be mended by somebody, who is told at once: two more attempts within a day.
const RETRY_REFUSED: [SignedDuration; 2] = [
    SignedDuration::from_hours(4),
    SignedDuration::from_hours(20),
];

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
        let handed_over = self.hand_over(&letter).await;
        let conversation = self.route.conversation();
        let fault = match handed_over {
            Ok(attempt) => {
                let attempt = Attempt {
                    conversation,
                    ..attempt
                };
                self.note(letter, attempt).await?;
                return Ok(ControlFlow::Continue(()));
            }
            Err(fault) => fault,
        };
        let attempt = Attempt {
            verdict: verdict(&fault, &letter, self.now),
            conversation,
            ..Attempt::default()
        };
        self.note(letter, attempt.clone()).await?;
        if let Verdict::Waits {
            reason,
            next_try_at,
        } = attempt.verdict
        {
            self.put_off_all(reason, next_try_at).await?;
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn hand_over(&mut self, letter: &Letter) -> Result<Attempt, Fault> {
        let mut mail = Mail::of(letter, &self.mailer.from, self.now)?;
        let resting = self.mailer.patience.set_aside(&mut mail.to, self.now);
        let mut taken = match (mail.to.is_empty(), &resting) {
            (true, Some(_)) => Taken::default(),
            (true | false, _) => self.route.carry(&mail).await?,
        };
        taken.refusals.append(&mut mail.unusable);
        self.weigh(letter, taken, resting)
    }

    /// Who has it, who will get it later, and who never will.
    fn weigh(
        &self,
        letter: &Letter,
        taken: Taken,
        resting: Option<(Timestamp, Fault)>,
    ) -> Result<Attempt, Fault> {
        let patience = &self.mailer.patience;
        taken
            .reached
            .iter()
            .for_each(|name| patience.answered(name));
        let (later, for_good): (Vec<Refusal>, Vec<Refusal>) = taken
            .refusals
            .into_iter()
            .partition(|refusal| matches!(refusal.fault, Fault::Later(_)));
        let put_off = later.into_iter().map(|refusal| {
            let until = patience.put_off(&refusal.recipient, &refusal.fault, self.now);
            (until, refusal.fault)
        });
        let soonest = put_off.chain(resting).min_by_key(|(until, _)| *until);
        let nobody = taken.reached.is_empty() && letter.reached.is_empty() && soonest.is_none();
        if nobody && let Some(first) = for_good.first() {
            return Err(first.fault.clone());
        }
        Ok(Attempt {
            reached: taken.reached,
            refusal: for_good
                .first()
                .map(|first| first.fault.reason().to_owned()),
            refused: for_good
                .into_iter()
                .map(|refusal| refusal.recipient)
                .collect(),
            verdict: match soonest {
                None => Verdict::Sent,
                Some((until, fault)) => delayed(&fault, until, letter, self.now),
            },
            conversation: Vec::new(),
        })
    }

    /// When the path works again, whatever still waits because of it goes at once.
    async fn note(&mut self, letter: Letter, attempt: Attempt) -> Result<(), Error> {
        let now = self.now;
        tell(&letter, &attempt);
        let sent = attempt.verdict == Verdict::Sent;
        let recovered =
            sent && self.report.delayed == 0 && self.mailer.doubtful.swap(false, Ordering::Relaxed);
        match &attempt.verdict {
            Verdict::Sent => self.report.sent += 1,
            given_up if given_up.is_given_up() => self.report.given_up += 1,
            Verdict::Waits { .. } | Verdict::Delayed { .. } | Verdict::Refused { .. } => {
                self.report.delayed += 1;
            }
        }
        self.inventory
            .write(move |tx| {
                tx.letter_tried(&letter, &attempt, now)?;
                if recovered {
                    tx.retry_letters(now)
                } else {
                    Ok(())
                }
            })
            .await
    }

    /// The others wait as long as the one that found the path in trouble, without an attempt being counted.
    async fn put_off_all(&self, reason: String, next_try_at: Timestamp) -> Result<(), Error> {
        self.mailer.doubtful.store(true, Ordering::Relaxed);
        let now = self.now;
        self.inventory
            .write(move |tx| tx.put_off_letters(&reason, next_try_at, now))
            .await?;
        Ok(())
    }
}

/// What a fault means for a letter. A path in trouble makes letters wait for as long as that lasts.
fn verdict(fault: &Fault, letter: &Letter, now: Timestamp) -> Verdict {
    let after = |wait| now.checked_add(wait).unwrap_or(Timestamp::MAX);
    let reason = fault.reason().to_owned();
    match fault {
        Fault::Path(_) => Verdict::Waits {
            reason,
            next_try_at: after(patience::wait(letter.attempts)),
        },
        Fault::Later(_) => delayed(fault, after(patience::wait(letter.attempts)), letter, now),
        Fault::Refused(_) => Verdict::Refused {
            reason,
            next_try_at: retry_refused(troubled_for(letter, now)).map(after),
        },
    }
}

/// Always after `now` by the outbox's clock, so that no round meets a letter twice.
fn delayed(fault: &Fault, until: Timestamp, letter: &Letter, now: Timestamp) -> Verdict {
    let soonest = now.checked_add(SignedDuration::from_secs(1));
    let until = until.max(soonest.unwrap_or(Timestamp::MAX));
    Verdict::Delayed {
        reason: fault.reason().to_owned(),
        next_try_at: Some(until).filter(|_| troubled_for(letter, now) < LATEST),
    }
}

fn retry_refused(troubled_for: SignedDuration) -> Option<SignedDuration> {
    let [first, second] = RETRY_REFUSED;
    if troubled_for < first {
        Some(first)
    } else if troubled_for < first + second {
        Some(second)
    } else {
        None
    }
}

fn troubled_for(letter: &Letter, now: Timestamp) -> SignedDuration {
    letter
        .troubled_since
        .map_or(SignedDuration::ZERO, |since| now.duration_since(since))
}

/// What only a person can mend is an error, said once.
fn tell(letter: &Letter, attempt: &Attempt) {
    let Some(reason) = attempt.reason() else {
        return;
    };
    let refused = matches!(attempt.verdict, Verdict::Refused { .. } | Verdict::Sent);
    if attempt.verdict.is_given_up() {
        tracing::error!(
            letter = letter.id.0,
            reason,
            "a letter is given up: somebody does not get it"
        );
    } else if refused && letter.troubled_since.is_none() {
        tracing::error!(
            letter = letter.id.0,
            reason,
            "a letter is refused: somebody does not get it unless the address or the mail server is put right"
        );
    } else {
        tracing::warn!(
            letter = letter.id.0,
            reason,
            "a letter could not be sent; it will be tried again"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_tried_twice_more_and_then_given_up() {
        let hours = SignedDuration::from_hours;
        assert_eq!(retry_refused(hours(0)), Some(hours(4)));
        assert_eq!(retry_refused(hours(4)), Some(hours(20)));
        assert_eq!(retry_refused(hours(24)), None);
    }
}
