//! Sends the queue once: each email is handed over, and its result is recorded before the next one.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::delivery_error::DeliveryError;
use super::message::{AcceptedRecipients, Mail, RejectedRecipient};
use super::recipient_backoff;
use super::transport::OpenTransport;
use super::{MailReport, Mailer, Tried};
use crate::inventory::{Error, Inventory};
use crate::model::{Attempt, Email, SendOutcome};

/// After this long, an email that is only delayed again and again is given up.
const LATEST: SignedDuration = SignedDuration::from_hours(5 * 24);

/// A permanent refusal may still be fixed by an operator, who is notified immediately: two more attempts within a day.
const RETRY_REFUSED: [SignedDuration; 2] = [
    SignedDuration::from_hours(4),
    SignedDuration::from_hours(20),
];

const BATCH: usize = 50;

pub(super) struct SendQueue<'a> {
    mailer: &'a Mailer,
    inventory: &'a Inventory,
    route: OpenTransport<'a>,
    report: MailReport,
    now: Timestamp,
}

impl<'a> SendQueue<'a> {
    pub(super) fn new(mailer: &'a Mailer, inventory: &'a Inventory, now: Timestamp) -> Self {
        Self {
            mailer,
            inventory,
            route: OpenTransport::new(&mailer.transport),
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
        let left = self.mailer.unrecorded().clone();
        if let Some(tried) = left {
            self.record(tried, false).await?;
        }
        loop {
            let due = self
                .inventory
                .read(move |view| view.emails_to_send(now, BATCH))
                .await?;
            if due.is_empty() {
                return Ok(());
            }
            for email in due {
                // Another node may be about to send it.
                if !self.inventory.may_act() || self.send(email).await?.is_break() {
                    return Ok(());
                }
            }
        }
    }

    async fn send(&mut self, email: Email) -> Result<ControlFlow<()>, Error> {
        let handed_over = self.hand_over(&email).await;
        let attempt = Attempt {
            conversation: self.route.conversation(),
            ..handed_over.unwrap_or_else(|delivery_error| Attempt {
                outcome: outcome(&delivery_error, &email, self.now),
                ..Attempt::default()
            })
        };
        let outcome = attempt.outcome.clone();
        self.record_attempt(email, attempt).await?;
        let SendOutcome::Waits {
            reason,
            next_try_at,
        } = outcome
        else {
            return Ok(ControlFlow::Continue(()));
        };
        self.put_off_all(reason, next_try_at).await?;
        Ok(ControlFlow::Break(()))
    }

    async fn hand_over(&mut self, email: &Email) -> Result<Attempt, DeliveryError> {
        let mut mail = Mail::of(email, &self.mailer.from, self.now)?;
        let backing_off = self.mailer.backoff.set_aside(&mut mail.to, self.now);
        let mut accepted = match (mail.to.is_empty(), &backing_off) {
            (true, Some(_)) => AcceptedRecipients::default(),
            (true | false, _) => self.route.send(&mail).await?,
        };
        accepted.rejections.append(&mut mail.unusable);
        self.classify_recipients(email, accepted, backing_off)
    }

    /// Sorts recipients into reached, delayed and refused for good.
    fn classify_recipients(
        &self,
        email: &Email,
        accepted: AcceptedRecipients,
        backing_off: Option<(Timestamp, DeliveryError)>,
    ) -> Result<Attempt, DeliveryError> {
        let backoff = &self.mailer.backoff;
        accepted
            .reached
            .iter()
            .for_each(|name| backoff.answered(name));
        let (later, for_good): (Vec<RejectedRecipient>, Vec<RejectedRecipient>) = accepted
            .rejections
            .into_iter()
            .partition(|rejection| matches!(rejection.delivery_error, DeliveryError::Later(_)));
        let put_off = later.into_iter().map(|rejection| {
            let until = backoff.put_off(&rejection.recipient, &rejection.delivery_error, self.now);
            (until, rejection.delivery_error)
        });
        let soonest = put_off.chain(backing_off).min_by_key(|(until, _)| *until);
        let nobody = accepted.reached.is_empty() && email.reached.is_empty() && soonest.is_none();
        if nobody && let Some(first) = for_good.first() {
            return Err(first.delivery_error.clone());
        }
        Ok(Attempt {
            reached: accepted.reached,
            rejection: for_good
                .first()
                .map(|first| first.delivery_error.reason().to_owned()),
            refused: for_good
                .into_iter()
                .map(|rejection| rejection.recipient)
                .collect(),
            outcome: match soonest {
                None => SendOutcome::Sent,
                Some((until, delivery_error)) => delayed(&delivery_error, until, email, self.now),
            },
            conversation: Vec::new(),
            file: accepted.file.map(|file| file.display().to_string()),
        })
    }

    /// Records an attempt. When the mail path works again, emails that waited for it become due now.
    async fn record_attempt(&mut self, email: Email, attempt: Attempt) -> Result<(), Error> {
        let sent = attempt.outcome == SendOutcome::Sent;
        let recovered =
            sent && self.report.delayed == 0 && self.mailer.doubtful.swap(false, Ordering::Relaxed);
        match &attempt.outcome {
            SendOutcome::Sent => self.report.sent += 1,
            given_up if given_up.is_given_up() => self.report.given_up += 1,
            _ => self.report.delayed += 1,
        }
        log_attempt(&email, &attempt);
        let at = self.now;
        let tried = Tried { email, attempt, at };
        *self.mailer.unrecorded() = Some(tried.clone());
        self.record(tried, recovered).await
    }

    async fn record(&self, tried: Tried, recovered: bool) -> Result<(), Error> {
        let record = self.inventory.write(move |tx| {
            tx.record_send_attempt(&tried.email, &tried.attempt, tried.at)?;
            if recovered {
                tx.retry_emails_now(tried.at)?;
            }
            Ok(())
        });
        record.await?;
        *self.mailer.unrecorded() = None;
        Ok(())
    }

    /// Postpones all other emails as long as the one that failed, without counting an attempt.
    async fn put_off_all(&self, reason: String, next_try_at: Timestamp) -> Result<(), Error> {
        self.mailer.doubtful.store(true, Ordering::Relaxed);
        let now = self.now;
        self.inventory
            .write(move |tx| tx.postpone_emails(&reason, next_try_at, now))
            .await?;
        Ok(())
    }
}

/// What an error means for an email. While the mail path fails, emails wait without a time limit.
fn outcome(delivery_error: &DeliveryError, email: &Email, now: Timestamp) -> SendOutcome {
    let after = |wait| now.checked_add(wait).unwrap_or(Timestamp::MAX);
    let reason = delivery_error.reason().to_owned();
    let next_try_at = after(recipient_backoff::wait(email.attempts));
    match delivery_error {
        DeliveryError::Path(_) => SendOutcome::Waits {
            reason,
            next_try_at,
        },
        DeliveryError::Later(_) => delayed(delivery_error, next_try_at, email, now),
        DeliveryError::Refused(_) => SendOutcome::Refused {
            reason,
            next_try_at: retry_refused(failing_for(email, now)).map(after),
        },
    }
}

/// Always later than `now` in whole seconds, so that one run does not send an email twice.
fn delayed(
    delivery_error: &DeliveryError,
    until: Timestamp,
    email: &Email,
    now: Timestamp,
) -> SendOutcome {
    let soonest = now.checked_add(SignedDuration::from_secs(1));
    let until = until.max(soonest.unwrap_or(Timestamp::MAX));
    SendOutcome::Delayed {
        reason: delivery_error.reason().to_owned(),
        next_try_at: Some(until).filter(|_| failing_for(email, now) < LATEST),
    }
}

fn retry_refused(failing_for: SignedDuration) -> Option<SignedDuration> {
    let [first, second] = RETRY_REFUSED;
    let after = [(first, first), (first + second, second)];
    let next = after.into_iter().find(|(until, _)| failing_for < *until);
    next.map(|(_, wait)| wait)
}

fn failing_for(email: &Email, now: Timestamp) -> SignedDuration {
    email
        .failing_since
        .map_or(SignedDuration::ZERO, |since| now.duration_since(since))
}

/// An error that only a person can fix is logged as an error, once.
fn log_attempt(email: &Email, attempt: &Attempt) {
    let Some(reason) = attempt.reason() else {
        return;
    };
    let refused = matches!(
        attempt.outcome,
        SendOutcome::Refused { .. } | SendOutcome::Sent
    );
    if attempt.outcome.is_given_up() {
        tracing::error!(
            email = email.id.0,
            reason,
            "gave up on an email: a recipient does not get it"
        );
    } else if refused && email.failing_since.is_none() {
        tracing::error!(
            email = email.id.0,
            reason,
            "an email was refused: a recipient does not get it until you correct the address or the mail server"
        );
    } else {
        tracing::warn!(
            email = email.id.0,
            reason,
            "could not send an email; trying again later"
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
