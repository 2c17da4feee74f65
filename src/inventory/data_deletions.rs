//! Data-deletion requests: people who asked Meta to delete their data, and the deletion of their tokens with all
//! secrets, incidents, emails, and what the journal says about them. It runs in steps, so that 10,000 pages of one
//! person do not block other jobs.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, NewEvent, Tx, View, rows};
use crate::model::{Event, EventId, IncidentId, PersonTraces, TokenId};
use crate::secret::Secret;

/// A request and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The confirmation code that the person was given.
    pub code: String,
    pub app: String,
    person: String,
    pub asked_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// How many tokens were deleted.
    pub tokens: u64,
    journal_to: i64,
}

/// How many events and how many tokens one step processes.
const EVENTS_A_STEP: usize = 20_000;
const TOKENS_A_STEP: usize = 500;

const DELETION: &str =
    "SELECT code, app, person, requested_at, finished_at, tokens, journal_to FROM data_deletion";

fn deletion(row: &Row<'_>) -> rusqlite::Result<Deletion> {
    Ok(Deletion {
        code: row.get(0)?,
        app: row.get(1)?,
        person: row.get(2)?,
        asked_at: rows::instant(row, 3)?,
        finished_at: rows::maybe_instant(row, 4)?,
        tokens: row.get(5)?,
        journal_to: row.get(6)?,
    })
}

impl View<'_> {
    /// Finds a request by the code that the person was given.
    pub fn deletion(&self, code: &str) -> Result<Option<Deletion>, Error> {
        let mut found = self
            .db
            .prepare_cached(&format!("{DELETION} WHERE code = ?1"))?;
        Ok(found.query_row([code], deletion).optional()?)
    }

    /// The unfinished request that has waited longest.
    pub fn next_deletion(&self) -> Result<Option<Deletion>, Error> {
        let mut next = self.db.prepare_cached(&format!(
            "{DELETION} WHERE finished_at IS NULL ORDER BY requested_at LIMIT 1"
        ))?;
        Ok(next.query_row([], deletion).optional()?)
    }

    /// Returns the confirmation code: the same for the same person and app, and of no use for guessing who the person
    /// is.
    pub fn deletion_code(&self, app: &str, person: &str) -> String {
        let digest = self
            .sealer
            .digest(&Secret::new(format!("deletion of {person} from {app}")));
        let short = digest.0.iter().take(12);
        short.map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Tx<'_> {
    /// Stores the request. A repeated or older one changes nothing.
    pub fn ask_deletion(
        &self,
        app: &str,
        person: &str,
        signed_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "INSERT INTO data_deletion (code, app, person, signed_at, requested_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (code) DO UPDATE SET person = excluded.person,
                    signed_at = excluded.signed_at, requested_at = excluded.requested_at, finished_at = NULL,
                    tokens = 0, journal_to = 0
                 WHERE excluded.signed_at > signed_at",
            )?
            .execute(params![
                self.deletion_code(app, person),
                app,
                person,
                signed_at.as_second(),
                now.as_second()
            ])?;
        Ok(())
    }

    /// Runs one step of a deletion. The last step finishes the request and records an event for the operator.
    pub fn delete_more_person_data(&self, request: &Deletion, now: Timestamp) -> Result<(), Error> {
        let newest = self.newest_event()?.0;
        if request.journal_to < newest {
            return self.redact_journal(request, newest);
        }
        self.delete_incidents(request)?;
        let tokens = self.tokens_to_delete(request)?;
        for &token in &tokens {
            self.delete_person(token)?;
        }
        let gone = request.tokens + tokens.len() as u64;
        self.db
            .prepare_cached(
                "UPDATE data_deletion SET tokens = ?2, journal_to = ?3 WHERE code = ?1",
            )?
            .execute(params![request.code, gone, newest])?;
        if tokens.len() < TOKENS_A_STEP {
            self.finish_deletion(request, gone, now)?;
        }
        Ok(())
    }

    /// Clears what other events say about the person: by id, by the names of the person's tokens, or by their
    /// incidents.
    fn redact_journal(&self, request: &Deletion, newest: i64) -> Result<(), Error> {
        let traces = self.traces_of(request)?;
        let events = self.events(EventId(request.journal_to), None, EVENTS_A_STEP)?;
        let to = match events.last() {
            Some(last) if events.len() == EVENTS_A_STEP => last.id.0,
            Some(_) | None => newest,
        };
        let mut redact = self
            .db
            .prepare_cached("UPDATE event SET detail = '{}' WHERE id = ?1")?;
        for record in events.iter().filter(|record| record.event.bears(&traces)) {
            redact.execute([record.id.0])?;
        }
        self.db
            .prepare_cached("UPDATE data_deletion SET journal_to = ?2 WHERE code = ?1")?
            .execute(params![request.code, to])?;
        Ok(())
    }

    fn traces_of(&self, request: &Deletion) -> Result<PersonTraces, Error> {
        let of_person = params![request.app, request.person];
        let mut tokens = self
            .db
            .prepare_cached("SELECT name FROM token WHERE app = ?1 AND person = ?2")?;
        let mut incidents = self
            .db
            .prepare_cached("SELECT id FROM incident WHERE app = ?1 AND subject = ?2")?;
        let tokens = tokens.query_map(of_person, |row| row.get(0))?;
        let incidents = incidents.query_map(of_person, |row| row.get(0).map(IncidentId))?;
        Ok(PersonTraces {
            person: request.person.clone(),
            tokens: tokens.collect::<Result<_, _>>()?,
            incidents: incidents.collect::<Result<_, _>>()?,
        })
    }

    /// The person's tokens, and tokens that were imported through them and that Meta has not described yet.
    fn tokens_to_delete(&self, request: &Deletion) -> Result<Vec<TokenId>, Error> {
        let mut found = self.db.prepare_cached(
            "SELECT id FROM token WHERE app = ?1 AND person = ?2
             UNION SELECT c.id FROM token p JOIN token c ON c.parent = p.id
                WHERE p.app = ?1 AND p.person = ?2 AND c.person = ''
             ORDER BY id LIMIT ?3",
        )?;
        let found = found
            .query_map(params![request.app, request.person, TOKENS_A_STEP], |row| {
                row.get(0)
            })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Deletes the token, and what the journal says about it. The events stay, without name and detail.
    fn delete_person(&self, token: TokenId) -> Result<(), Error> {
        for forget in [
            "UPDATE event SET token = NULL, name = NULL, detail = '{}' WHERE token = ?1",
            "DELETE FROM incident_queue WHERE token = ?1",
            "DELETE FROM token WHERE id = ?1",
        ] {
            self.db.prepare_cached(forget)?.execute([token])?;
        }
        Ok(())
    }

    /// Runs before the tokens are deleted, so that no email is written about them. Emails about the app as a whole and
    /// digests may name the person, so those that were sent are cleared.
    fn delete_incidents(&self, request: &Deletion) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE email SET subject = '', text = NULL, html = NULL
                 WHERE sent_at IS NOT NULL AND text IS NOT NULL AND (incident IS NULL OR incident IN
                    (SELECT id FROM incident WHERE app = ?1 AND subject = ''))",
            )?
            .execute([&request.app])?;
        for forget in [
            "DELETE FROM email WHERE incident IN
                (SELECT id FROM incident WHERE app = ?1 AND subject = ?2)",
            "DELETE FROM incident WHERE app = ?1 AND subject = ?2",
        ] {
            self.db
                .prepare_cached(forget)?
                .execute(params![request.app, request.person])?;
        }
        Ok(())
    }

    fn finish_deletion(&self, request: &Deletion, gone: u64, now: Timestamp) -> Result<(), Error> {
        self.delete_refusals(&request.person)?;
        self.delete_webhook_notice(&request.app, &request.person)?;
        self.delete_logins(&request.app, &request.person)?;
        self.db
            .prepare_cached(
                "UPDATE data_deletion SET person = '', finished_at = ?2 WHERE code = ?1",
            )?
            .execute(params![request.code, now.as_second()])?;
        let event = Event::DataDeleted {
            tokens: gone,
            code: request.code.clone(),
        };
        self.record_event(&NewEvent::of_app(&request.app, event), now)
            .map(drop)
    }
}
