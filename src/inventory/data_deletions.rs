//! Data-deletion requests: people who asked Meta to delete their data, and the deletion of their tokens with all
//! secrets, incidents, emails, and what the journal says about them. It runs in steps, so that 10,000 pages of one
//! person do not block other jobs.

use std::collections::HashSet;

use jiff::Timestamp;

use super::engine::{Params, Row};
use super::{Error, Tx, View, journal};
use crate::model::{Event, EventId, NewEvent, PersonTraces, TokenId};
use crate::secret::{Secret, hex};

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

fn deletion(row: &Row<'_>) -> Result<Deletion, Error> {
    Ok(Deletion {
        code: row.get(0)?,
        app: row.get(1)?,
        person: row.get(2)?,
        asked_at: row.get(3)?,
        finished_at: row.get(4)?,
        tokens: row.get(5)?,
        journal_to: row.get(6)?,
    })
}

impl View<'_> {
    /// Finds a request by the code that the person was given.
    pub fn deletion(&self, code: &str) -> Result<Option<Deletion>, Error> {
        let of_code = format!("{DELETION} WHERE code = ?1");
        self.db.maybe(&of_code, &[&code], deletion)
    }

    /// The unfinished request that has waited longest.
    pub fn next_deletion(&self) -> Result<Option<Deletion>, Error> {
        let next =
            format!("{DELETION} WHERE finished_at IS NULL ORDER BY requested_at, code LIMIT 1");
        self.db.maybe(&next, &[], deletion)
    }

    /// Returns the confirmation code: the same for the same person and app, and of no use for guessing who the person
    /// is.
    pub fn deletion_code(&self, app: &str, person: &str) -> String {
        let digest = self
            .sealer
            .digest(&Secret::new(format!("deletion of {person} from {app}")));
        hex(&digest.0[..12])
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
        let code = self.deletion_code(app, person);
        self.db.run(
            "INSERT INTO data_deletion (code, app, person, signed_at, requested_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (code) DO UPDATE SET person = excluded.person,
                    signed_at = excluded.signed_at, requested_at = excluded.requested_at,
                    finished_at = NULL, tokens = 0, journal_to = 0
                 WHERE excluded.signed_at > data_deletion.signed_at",
            &[&code, &app, &person, &signed_at, &now],
        )
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
        self.db.run(
            "UPDATE data_deletion SET tokens = ?2, journal_to = ?3 WHERE code = ?1",
            &[&request.code, &gone, &newest],
        )?;
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
        for record in events.iter().filter(|record| record.event.bears(&traces)) {
            self.db.run(
                "UPDATE event SET detail = '{}' WHERE id = ?1",
                &[&record.id],
            )?;
        }
        self.db.run(
            "UPDATE data_deletion SET journal_to = ?2 WHERE code = ?1",
            &[&request.code, &to],
        )
    }

    fn traces_of(&self, request: &Deletion) -> Result<PersonTraces, Error> {
        let of_person: Params<'_> = &[&request.app, &request.person];
        let names = "SELECT name FROM token WHERE app = ?1 AND person = ?2";
        let mut tokens: HashSet<String> = self.db.values(names, of_person)?;
        tokens.extend(self.earlier_names(of_person)?);
        Ok(PersonTraces {
            person: request.person.clone(),
            tokens,
            incidents: self.db.values(
                "SELECT id FROM incident WHERE app = ?1 AND subject = ?2",
                of_person,
            )?,
        })
    }

    /// The names that the person's tokens had before they were renamed.
    fn earlier_names(&self, of_person: Params<'_>) -> Result<Vec<String>, Error> {
        let renamed: Vec<Event> = self.db.all(
            "SELECT e.kind, e.detail FROM event e CROSS JOIN token t
             WHERE t.id = e.token AND e.kind = 'renamed' AND t.app = ?1 AND t.person = ?2",
            of_person,
            |row| Ok(journal::event(row, 0, 1)?.0),
        )?;
        let names = renamed.into_iter().filter_map(|event| match event {
            Event::Renamed(name) => Some(name.from),
            _ => None,
        });
        Ok(names.collect())
    }

    /// The person's tokens, and tokens that were imported through them and that Meta has not described yet.
    fn tokens_to_delete(&self, request: &Deletion) -> Result<Vec<TokenId>, Error> {
        self.db.values(
            "SELECT id FROM token WHERE app = ?1 AND person = ?2
             UNION SELECT c.id FROM token p JOIN token c ON c.parent = p.id
                WHERE p.app = ?1 AND p.person = ?2 AND c.person IS NULL
             ORDER BY id LIMIT ?3",
            &[&request.app, &request.person, &TOKENS_A_STEP],
        )
    }

    /// Deletes the token, and what the journal says about it. The events stay, without name and detail.
    fn delete_person(&self, token: TokenId) -> Result<(), Error> {
        self.files_must_go(token)?;
        [
            "UPDATE event SET token = NULL, name = NULL, detail = '{}' WHERE token = ?1",
            "DELETE FROM incident_queue WHERE token = ?1",
            "DELETE FROM token WHERE id = ?1",
        ]
        .into_iter()
        .try_for_each(|forget| self.db.run(forget, &[&token]))
    }

    /// Runs before the tokens are deleted, so that no email is written about them. Emails and posts about the app as a whole and
    /// digests may name the person, so those that were sent are cleared. Other posts go with their incidents.
    fn delete_incidents(&self, request: &Deletion) -> Result<(), Error> {
        self.db.run(
            "UPDATE email SET subject = '', text = NULL, html = NULL
             WHERE sent_at IS NOT NULL AND text IS NOT NULL AND (incident IS NULL OR incident IN
                (SELECT id FROM incident WHERE app = ?1 AND subject = ''))",
            &[&request.app],
        )?;
        self.db.run(
            "UPDATE post SET content = '{}'
             WHERE next_try_at IS NULL AND content <> '{}' AND (incident IS NULL OR incident IN
                (SELECT id FROM incident WHERE app = ?1 AND subject = ''))",
            &[&request.app],
        )?;
        self.db.run(
            "DELETE FROM email WHERE incident IN
                (SELECT id FROM incident WHERE app = ?1 AND subject = ?2)",
            &[&request.app, &request.person],
        )?;
        self.db.run(
            "DELETE FROM incident WHERE app = ?1 AND subject = ?2",
            &[&request.app, &request.person],
        )
    }

    fn finish_deletion(&self, request: &Deletion, gone: u64, now: Timestamp) -> Result<(), Error> {
        self.delete_refusals(&request.person)?;
        self.delete_webhook_notice(&request.app, &request.person)?;
        self.delete_logins(&request.app, &request.person)?;
        self.delete_calendar(&request.app, &request.person)?;
        self.db.run(
            "UPDATE data_deletion SET person = '', finished_at = ?2 WHERE code = ?1",
            &[&request.code, &now],
        )?;
        let event = Event::DataDeleted {
            tokens: gone,
            code: request.code.clone(),
        };
        self.record_event(&NewEvent::of_app(&request.app, event), now)
            .map(drop)
    }
}
