//! The outbox: emails wait here until they are sent, through restarts and days without a mail server. Their bodies are
//! sealed.

use jiff::Timestamp;

use super::engine::{Params, Row, readable};
use super::{Error, Tx, View, cells, journal::cut};
use crate::model::{
    Attempt, Email, EmailId, EmailProgress, EmailReach, Event, IncidentId, NewEmail, NewEvent,
    SendOutcome,
};
use crate::secret::{Cell, Unsealable};

const COLUMNS: &str =
    "id, incident, message_id, in_reply_to, recipients, subject, text, html, created_at, attempts,
    delivered_to, refused, failing_since, last_error";

impl View<'_> {
    /// Emails to send now, oldest first.
    pub fn emails_to_send(&self, now: Timestamp, limit: usize) -> Result<Vec<Email>, Error> {
        let waiting = format!(
            "SELECT {COLUMNS} FROM email WHERE next_try_at <= ?3 AND id > ?1 ORDER BY id LIMIT ?2"
        );
        self.first_emails(&waiting, &[&now], limit)
    }

    /// Emails that some recipients did not get, and that no operator was notified of yet.
    pub fn emails_to_report(&self, limit: usize) -> Result<Vec<Email>, Error> {
        let unreported = format!(
            "SELECT {COLUMNS} FROM email WHERE undelivered_at IS NOT NULL AND reported = 0 AND id > ?1
             ORDER BY id LIMIT ?2"
        );
        self.first_emails(&unreported, &[], limit)
    }

    /// The first emails that open. `after` reads a number of them, `?2`, after the one with the id `?1`.
    fn first_emails(
        &self,
        after: &str,
        params: Params<'_>,
        limit: usize,
    ) -> Result<Vec<Email>, Error> {
        let (mut found, mut last) = (Vec::new(), EmailId(0));
        loop {
            let wanted = limit - found.len();
            let place: Params<'_> = &[&last, &wanted];
            let read = [place, params].concat();
            let some: Vec<(EmailId, Option<Email>)> = self.db.all(after, &read, |row| {
                Ok((row.get(0)?, readable(self.email(row))?.flatten()))
            })?;
            let is_all = some.len() < wanted;
            last = some.last().map_or(last, |(id, _)| *id);
            found.extend(some.into_iter().filter_map(|(_, email)| email));
            if is_all || found.len() >= limit {
                return Ok(found);
            }
        }
    }

    /// `None` for one that does not open, which is logged.
    fn email(&self, row: &Row<'_>) -> Result<Option<Email>, Error> {
        let message_id: String = row.get(2)?;
        let text = self.open_body(row.get(6)?, cells::email_text(&message_id));
        let html = self.open_body(row.get(7)?, cells::email_html(&message_id));
        let (Ok(text), Ok(html)) = (text, html) else {
            tracing::error!(
                "cannot send email {message_id}: its stored text was altered, or sealed with another key"
            );
            return Ok(None);
        };
        Ok(Some(Email {
            id: row.get(0)?,
            email: NewEmail {
                incident: row.get(1)?,
                message_id,
                in_reply_to: row.get(3)?,
                recipients: row.get(4)?,
                subject: row.get(5)?,
                text,
                html,
            },
            written_at: row.get(8)?,
            attempts: row.get(9)?,
            reached: row.get(10)?,
            refused: row.get(11)?,
            failing_since: row.get(12)?,
            last_error: row.get(13)?,
        }))
    }

    /// Returns an empty text when the body was cleared.
    fn open_body(&self, sealed: Option<Vec<u8>>, cell: Cell<'_>) -> Result<String, Unsealable> {
        sealed.map_or(Ok(String::new()), |sealed| {
            self.sealer.open_text(&sealed, cell)
        })
    }

    /// The message id of the first email about an incident, which later ones refer to.
    pub fn first_message_id(&self, incident: IncidentId) -> Result<Option<String>, Error> {
        let first = "SELECT message_id FROM email WHERE incident = ?1 ORDER BY id LIMIT 1";
        self.db.maybe_value(first, &[&incident])
    }

    pub fn emails_about(&self, incident: IncidentId) -> Result<u32, Error> {
        let count = "SELECT count(*) FROM email WHERE incident = ?1";
        self.db.value(count, &[&incident])
    }
}

impl Tx<'_> {
    /// Puts an email into the outbox. Does nothing if its message id is there already.
    pub fn enqueue_email(&self, email: &NewEmail, now: Timestamp) -> Result<(), Error> {
        let seal = |body: &str, cell| {
            let sealed = self.sealer.seal_text(body, cell);
            sealed.map_err(|_| Error::NoRandomness)
        };
        let written = self.db.changed(
            "INSERT INTO email (incident, message_id, in_reply_to, recipients, subject, text,
                html, created_at, next_try_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (message_id) DO NOTHING",
            &[
                &email.incident,
                &email.message_id,
                &email.in_reply_to,
                &email.recipients,
                &email.subject,
                &seal(&email.text, cells::email_text(&email.message_id))?,
                &seal(&email.html, cells::email_html(&email.message_id))?,
                &now,
            ],
        )?;
        if written == 0 {
            return Ok(());
        }
        let event = Event::EmailWritten(progress(email));
        self.record_event(&event.into(), now).map(drop)
    }

    /// Records the outcome of a send attempt, once. An email stays marked as undelivered until it is sent without a
    /// refusal.
    pub fn record_send_attempt(
        &self,
        email: &Email,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(), Error> {
        let outcome = &attempt.outcome;
        let reached = [email.reached.clone(), attempt.reached.clone()].concat();
        let refused = [email.refused.clone(), attempt.refused.clone()].concat();
        let answered = !matches!(outcome, SendOutcome::Sent | SendOutcome::Waits { .. });
        let undelivered = !refused.is_empty()
            || outcome.is_given_up()
            || matches!(outcome, SendOutcome::Refused { .. });
        let at = |is_so: bool| is_so.then_some(now);
        let known = email.last_error.as_deref().filter(|_| undelivered);
        let recorded = self.db.changed(
            "UPDATE email SET attempts = attempts + 1, next_try_at = ?2, last_error = ?3,
                delivered_to = ?4, refused = ?5, sent_at = ?6, given_up_at = ?7,
                failing_since = coalesce(failing_since, ?8),
                undelivered_at = CASE
                    WHEN CAST(?9 AS BIGINT) IS NULL AND CAST(?6 AS BIGINT) IS NOT NULL THEN NULL
                    ELSE coalesce(undelivered_at, ?9) END
             WHERE id = ?1 AND attempts = ?10",
            &[
                &email.id,
                &outcome.next_try_at(),
                &attempt.reason().or(known).map(cut),
                &reached,
                &refused,
                &at(*outcome == SendOutcome::Sent),
                &at(outcome.is_given_up()),
                &at(answered),
                &at(undelivered),
                &email.attempts,
            ],
        )?;
        if recorded == 0 {
            return Ok(());
        }
        self.record_event(&tried_event(email, attempt, undelivered), now)
            .map(drop)
    }

    /// Marks an email as reported, because an operator was notified that some recipients did not get it, or because
    /// there is no operator.
    pub fn mark_reported(&self, email: EmailId) -> Result<(), Error> {
        self.db
            .run("UPDATE email SET reported = 1 WHERE id = ?1", &[&email])
    }

    /// Postpones the emails that are due, because sending itself fails. This does not count as an attempt.
    pub fn postpone_emails(
        &self,
        reason: &str,
        next_try_at: Timestamp,
        now: Timestamp,
    ) -> Result<usize, Error> {
        self.db.changed(
            "UPDATE email SET next_try_at = ?2, last_error = ?3 WHERE next_try_at <= ?1",
            &[&now, &next_try_at, &cut(reason)],
        )
    }

    /// Makes all waiting emails due now: an operator asked for it, or the way to send emails changed.
    pub fn retry_emails_now(&self, now: Timestamp) -> Result<(), Error> {
        let retry = "UPDATE email SET next_try_at = ?1 WHERE next_try_at > ?1";
        self.db.run(retry, &[&now])
    }
}

fn tried_event(email: &Email, attempt: &Attempt, undelivered: bool) -> NewEvent {
    let reach = EmailReach {
        recipients: email.email.recipients.len(),
        got_it: email.reached.len() + attempt.reached.len(),
    };
    let progress = EmailProgress {
        reason: attempt.reason().map(str::to_owned),
        next_try_at: attempt.outcome.next_try_at(),
        reach: undelivered.then_some(reach),
        file: attempt.file.clone(),
        conversation: attempt.conversation.clone(),
        ..progress(&email.email)
    };
    let event = match attempt.outcome {
        _ if undelivered => Event::EmailUndelivered(progress),
        SendOutcome::Sent => Event::EmailSent(progress),
        SendOutcome::Waits { .. } | SendOutcome::Delayed { .. } | SendOutcome::Refused { .. } => {
            Event::EmailDelayed(progress)
        }
    };
    event.into()
}

fn progress(email: &NewEmail) -> EmailProgress {
    EmailProgress {
        subject: email.subject.clone(),
        message_id: email.message_id.clone(),
        incident: email.incident,
        ..EmailProgress::default()
    }
}
