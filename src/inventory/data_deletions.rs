//! Who asked Meta to have their data deleted, and forgetting them: tokens with all their secrets, incidents, emails,
//! and what the journal says of them. Step by step, so that 10,000 pages of one person keep no other job waiting.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, EventKind, NewEvent, Tx, View, rows};
use crate::model::TokenId;
use crate::secret::Secret;

/// How far a request has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The confirmation code that the person was given.
    pub code: String,
    pub app: String,
    person: String,
    pub asked_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// How many tokens are gone.
    pub tokens: u64,
    journal_to: i64,
}

/// How many events and how many tokens one step goes through.
const EVENTS_A_STEP: i64 = 20_000;
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
    /// By the code that the person was given.
    pub fn deletion(&self, code: &str) -> Result<Option<Deletion>, Error> {
        let mut found = self
            .db
            .prepare_cached(&format!("{DELETION} WHERE code = ?1"))?;
        Ok(found.query_row([code], deletion).optional()?)
    }

    /// The request that has waited longest.
    pub fn next_deletion(&self) -> Result<Option<Deletion>, Error> {
        let mut next = self.db.prepare_cached(&format!(
            "{DELETION} WHERE finished_at IS NULL ORDER BY requested_at LIMIT 1"
        ))?;
        Ok(next.query_row([], deletion).optional()?)
    }

    /// The same for the same person and app, and useless to anybody who would guess at people from it.
    pub fn deletion_code(&self, app: &str, person: &str) -> String {
        let digest = self
            .sealer
            .digest(&Secret::new(format!("deletion of {person} from {app}")));
        let short = digest.0.iter().take(12);
        short.map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Tx<'_> {
    /// Files the request; one that came again, or late, changes nothing.
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

    /// One step of forgetting; the last one finishes the request and tells the operator.
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

    /// What others' events say of the person: by id, and by the names of the person's own tokens.
    fn redact_journal(&self, request: &Deletion, newest: i64) -> Result<(), Error> {
        let to = newest.min(request.journal_to + EVENTS_A_STEP);
        self.db
            .prepare_cached(
                "UPDATE event SET detail = '{}' WHERE id > ?1 AND id <= ?2 AND detail <> '{}'
                 AND (?4 IN (json_extract(detail, '$.subject'), json_extract(detail, '$.expected'))
                    OR EXISTS (SELECT 1 FROM token WHERE app = ?3 AND person = ?4
                        AND name IN (json_extract(detail, '$.through'), json_extract(detail, '$.token')))
                    OR json_extract(detail, '$.incident') IN
                        (SELECT CAST(id AS TEXT) FROM incident WHERE app = ?3 AND subject = ?4))",
            )?
            .execute(params![request.journal_to, to, request.app, request.person])?;
        self.db
            .prepare_cached("UPDATE data_deletion SET journal_to = ?2 WHERE code = ?1")?
            .execute(params![request.code, to])?;
        Ok(())
    }

    /// Those of the person, and what was taken in through them and not described by Meta yet.
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

    /// The token, and what the journal says of it: that something happened stays, of what it does not.
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

    /// Before the tokens, so that no email is written about those that vanish. What was sent of the app as a whole, and
    /// summaries, may name anybody, and has done its work.
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
        self.delete_webhook_notice(&request.app, &request.person)?;
        self.delete_logins(&request.app, &request.person)?;
        self.db
            .prepare_cached(
                "UPDATE data_deletion SET person = '', finished_at = ?2 WHERE code = ?1",
            )?
            .execute(params![request.code, now.as_second()])?;
        let event = NewEvent::of_app(&request.app, EventKind::DataDeleted)
            .with("tokens", gone)
            .with("code", request.code.as_str());
        self.record_event(&event, now).map(drop)
    }
}
