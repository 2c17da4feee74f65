//! The outbox: emails wait here until they are sent, through restarts and days without a mail server. Their bodies are
//! sealed.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::email_bodies::first_that_open;
use super::{Error, NewEvent, Tx, View, cells, journal::cut, rows};
use crate::model::{
    Attempt, Email, EmailId, EmailProgress, EmailReach, Event, IncidentId, NewEmail, SendOutcome,
};

const COLUMNS: &str =
    "id, incident, message_id, in_reply_to, recipients, subject, text, html, created_at, attempts,
    delivered_to, refused, failing_since, last_error";

fn email(view: &View<'_>, row: &Row<'_>) -> Result<Email, Error> {
    let message_id: String = row.get(2)?;
    let text = view.open_body(row.get(6)?, cells::email_text(&message_id))?;
    let html = view.open_body(row.get(7)?, cells::email_html(&message_id))?;
    Ok(Email {
        id: EmailId(row.get(0)?),
        email: NewEmail {
            incident: row.get::<_, Option<i64>>(1)?.map(IncidentId),
            message_id,
            in_reply_to: row.get(3)?,
            recipients: rows::addresses(row, 4)?,
            subject: row.get(5)?,
            text,
            html,
        },
        written_at: rows::instant(row, 8)?,
        attempts: row.get(9)?,
        reached: rows::addresses(row, 10)?,
        refused: rows::addresses(row, 11)?,
        failing_since: rows::maybe_instant(row, 12)?,
        last_error: row.get(13)?,
    })
}

impl View<'_> {
    /// Emails to send now, oldest first.
    pub fn emails_to_send(&self, now: Timestamp, limit: usize) -> Result<Vec<Email>, Error> {
        let mut waiting = self.db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM email WHERE next_try_at <= ?1 ORDER BY id"
        ))?;
        first_that_open(waiting.query([now.as_second()])?, limit, |row| {
            email(self, row)
        })
    }

    /// Emails that some recipients did not get, and that no operator was notified of yet.
    pub fn emails_to_report(&self, limit: usize) -> Result<Vec<Email>, Error> {
        let mut unreported = self.db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM email WHERE undelivered_at IS NOT NULL AND NOT reported
             ORDER BY id"
        ))?;
        first_that_open(unreported.query([])?, limit, |row| email(self, row))
    }

    /// The message id of the first email about an incident, which later ones refer to.
    pub fn first_message_id(&self, incident: IncidentId) -> Result<Option<String>, Error> {
        let mut first = self.db.prepare_cached(
            "SELECT message_id FROM email WHERE incident = ?1 ORDER BY id LIMIT 1",
        )?;
        let mut rows = first.query([incident.0])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    pub fn emails_about(&self, incident: IncidentId) -> Result<u32, Error> {
        let mut count = self
            .db
            .prepare_cached("SELECT count(*) FROM email WHERE incident = ?1")?;
        Ok(count.query_row([incident.0], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Puts an email into the outbox. Does nothing if its message id is there already.
    pub fn enqueue_email(&self, email: &NewEmail, now: Timestamp) -> Result<(), Error> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO email (incident, message_id, in_reply_to, recipients, subject, text,
                html, created_at, next_try_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (message_id) DO NOTHING",
        )?;
        let written = insert.execute(params![
            email.incident.map(|id| id.0),
            email.message_id,
            email.in_reply_to,
            rows::list(&email.recipients),
            email.subject,
            self.seal_text(&email.message_id, &email.text)?,
            self.seal_html(&email.message_id, &email.html)?,
            now.as_second()
        ])?;
        if written == 0 {
            return Ok(());
        }
        let event = Event::EmailWritten(progress(email));
        self.record_event(&event.into(), now).map(drop)
    }

    /// Records the outcome of a send attempt. An email stays marked as undelivered until it is sent without a refusal.
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
        let at = |is_so: bool| is_so.then_some(now.as_second());
        self.db
            .prepare_cached(
                "UPDATE email SET attempts = attempts + 1, next_try_at = ?2, last_error = ?3,
                    delivered_to = ?4, refused = ?5, sent_at = ?6, given_up_at = ?7,
                    failing_since = coalesce(failing_since, ?8),
                    undelivered_at = iif(?9 IS NULL AND ?6 IS NOT NULL, NULL, coalesce(undelivered_at, ?9))
                 WHERE id = ?1",
            )?
            .execute(params![
                email.id.0,
                rows::seconds(outcome.next_try_at()),
                attempt
                    .reason()
                    .or(email.last_error.as_deref().filter(|_| undelivered))
                    .map(cut),
                rows::list(&reached),
                rows::list(&refused),
                at(*outcome == SendOutcome::Sent),
                at(outcome.is_given_up()),
                at(answered),
                at(undelivered),
            ])?;
        self.record_event(&tried_event(email, attempt, undelivered), now)
            .map(drop)
    }

    /// Marks an email as reported, because an operator was notified that some recipients did not get it, or because
    /// there is no operator.
    pub fn mark_reported(&self, email: EmailId) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE email SET reported = 1 WHERE id = ?1")?
            .execute([email.0])?;
        Ok(())
    }

    /// Postpones the emails that are due, because sending itself fails. This does not count as an attempt.
    pub fn postpone_emails(
        &self,
        reason: &str,
        next_try_at: Timestamp,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let mut put_off = self.db.prepare_cached(
            "UPDATE email SET next_try_at = ?2, last_error = ?3 WHERE next_try_at <= ?1",
        )?;
        let reason = cut(reason);
        Ok(put_off.execute(params![now.as_second(), next_try_at.as_second(), reason])?)
    }

    /// Makes all waiting emails due now: an operator asked for it, or the way to send emails changed.
    pub fn retry_emails_now(&self, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE email SET next_try_at = ?1 WHERE next_try_at > ?1")?
            .execute([now.as_second()])?;
        Ok(())
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
