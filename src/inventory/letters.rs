//! The outbox: letters wait here until they are sent, through restarts and days without a mail server.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::{Error, EventKind, IncidentId, NewEvent, Tx, View, rows};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterId(pub i64);

#[derive(Clone, Debug)]
pub struct NewLetter {
    pub incident: Option<IncidentId>,
    /// Stable per letter, without angle brackets: a crash cannot make a repetition look like another letter.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub recipients: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Clone, Debug)]
pub struct Letter {
    pub id: LetterId,
    pub letter: NewLetter,
    /// Recipients for whom the mail server has taken it already.
    pub reached: Vec<String>,
    pub written_at: Timestamp,
    pub attempts: u32,
}

fn letter(row: &Row<'_>) -> rusqlite::Result<Letter> {
    Ok(Letter {
        id: LetterId(row.get(0)?),
        letter: NewLetter {
            incident: row.get::<_, Option<i64>>(1)?.map(IncidentId),
            message_id: row.get(2)?,
            in_reply_to: row.get(3)?,
            recipients: rows::addresses(row, 4)?,
            subject: row.get(5)?,
            text: row.get(6)?,
            html: row.get(7)?,
        },
        written_at: rows::instant(row, 8)?,
        attempts: row.get(9)?,
        reached: rows::addresses(row, 10)?,
    })
}

impl View<'_> {
    /// What is to be sent now, oldest first.
    pub fn letters_to_send(&self, now: Timestamp, limit: usize) -> Result<Vec<Letter>, Error> {
        let mut waiting = self.db.prepare_cached(
            "SELECT id, incident, message_id, in_reply_to, recipients, subject, text, html,
                written_at, attempts, reached
             FROM letter WHERE next_try_at <= ?1 ORDER BY id LIMIT ?2",
        )?;
        let waiting = waiting.query_map(params![now.as_second(), limit], letter)?;
        Ok(waiting.collect::<Result<_, _>>()?)
    }

    /// The first letter of an incident, for the later ones to refer to.
    pub fn first_message_id(&self, incident: IncidentId) -> Result<Option<String>, Error> {
        let mut first = self.db.prepare_cached(
            "SELECT message_id FROM letter WHERE incident = ?1 ORDER BY id LIMIT 1",
        )?;
        let mut rows = first.query([incident.0])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    pub fn letters_about(&self, incident: IncidentId) -> Result<u32, Error> {
        let mut count = self
            .db
            .prepare_cached("SELECT count(*) FROM letter WHERE incident = ?1")?;
        Ok(count.query_row([incident.0], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Puts a letter into the outbox. One that is there already, by its message id, is not written twice.
    pub fn write_letter(&self, letter: &NewLetter, now: Timestamp) -> Result<(), Error> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO letter (incident, message_id, in_reply_to, recipients, subject, text, html,
                written_at, next_try_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (message_id) DO NOTHING",
        )?;
        let written = insert.execute(params![
            letter.incident.map(|id| id.0),
            letter.message_id,
            letter.in_reply_to,
            rows::list(&letter.recipients),
            letter.subject,
            letter.text,
            letter.html,
            now.as_second()
        ])?;
        if written == 0 {
            return Ok(());
        }
        self.note(&letter_event(EventKind::LetterWritten, letter), now)
            .map(drop)
    }

    pub fn letter_sent(&self, letter: &Letter, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE letter SET sent_at = ?2, next_try_at = NULL, last_error = NULL,
                    attempts = attempts + 1
                 WHERE id = ?1",
            )?
            .execute(params![letter.id.0, now.as_second()])?;
        self.note(&letter_event(EventKind::LetterSent, &letter.letter), now)
            .map(drop)
    }

    /// It could not be sent; it will be tried again, or, without `next_try_at`, never.
    pub fn letter_delayed(
        &self,
        letter: &Letter,
        reason: &str,
        next_try_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE letter SET next_try_at = ?2, last_error = ?3, attempts = attempts + 1
                 WHERE id = ?1",
            )?
            .execute(params![letter.id.0, rows::seconds(next_try_at), reason])?;
        let event = letter_event(EventKind::LetterDelayed, &letter.letter).with("reason", reason);
        self.note(&event, now).map(drop)
    }

    /// Some have it; the others wait for the next try.
    pub fn letter_reached(&self, letter: &Letter, reached: &[String]) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE letter SET reached = ?2 WHERE id = ?1")?
            .execute(params![letter.id.0, rows::list(reached)])?;
        Ok(())
    }

    /// The mail path itself is in trouble: what is due now waits, and it was no letter's fault.
    pub fn put_off_letters(
        &self,
        reason: &str,
        next_try_at: Timestamp,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let mut put_off = self.db.prepare_cached(
            "UPDATE letter SET next_try_at = ?2, last_error = ?3 WHERE next_try_at <= ?1",
        )?;
        Ok(put_off.execute(params![now.as_second(), next_try_at.as_second(), reason])?)
    }

    /// An operator asked, or the mail path changed: try everything that waits now.
    pub fn retry_letters(&self, now: Timestamp) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE letter SET next_try_at = ?1 WHERE next_try_at > ?1")?
            .execute([now.as_second()])?;
        Ok(())
    }
}

/// Subjects name people and pages, never addresses; the journal is read by viewers.
fn letter_event(kind: EventKind, letter: &NewLetter) -> NewEvent {
    let event = NewEvent::new(kind)
        .with("subject", letter.subject.as_str())
        .with("message_id", letter.message_id.as_str());
    match letter.incident {
        Some(id) => event.with("incident", id.0.to_string()),
        None => event,
    }
}
