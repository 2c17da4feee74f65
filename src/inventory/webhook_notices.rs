//! Webhook notices: Meta reports that something changed for a person. A notice changes no state by itself: it is stored
//! until the next sweep checks that person's tokens, and repeated notices share one row.

use jiff::{SignedDuration, Timestamp};

use super::engine::fields;
use super::{Error, Tx, View};
use crate::model::{Event, NewEvent};

/// Meta says that something changed for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookNotice {
    pub person: String,
    /// When it changed. A later check has seen the change already.
    pub at: Timestamp,
}

/// However many notices Meta sends, they cause at most one check of a token in this time.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

impl View<'_> {
    /// Whether the notice concerns a person with tokens here, and reports something that a check has not seen and no
    /// stored notice reports.
    pub fn is_new(&self, app: &str, notice: &WebhookNotice) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM token t JOIN schedule s ON s.token = t.id
                WHERE t.app = ?1 AND t.person = ?2 AND s.due_at IS NOT NULL
                  AND (s.checked_at IS NULL OR s.checked_at <= ?3))
             AND NOT EXISTS (SELECT 1 FROM webhook_notice WHERE app = ?1 AND person = ?2 AND at >= ?3)",
            &[&app, &notice.person, &notice.at],
        )
    }

    /// The people and system users who have tokens of their own with this scope that were not checked since, those first
    /// whose check is longest ago.
    pub fn people_unchecked_since(
        &self,
        app: &str,
        scope: &str,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        self.db.values(
            "SELECT t.person FROM token t JOIN schedule s ON s.token = t.id
             WHERE t.app = ?1 AND t.person IS NOT NULL AND t.kind <> 'page' AND s.due_at IS NOT NULL
               AND (s.checked_at IS NULL OR s.checked_at <= ?3)
               AND replace(' ' || t.scopes || ' ', ' ' || ?2 || ' ', '') <> ' ' || t.scopes || ' '
             GROUP BY t.person ORDER BY min(coalesce(s.checked_at, 0)), t.person LIMIT ?4",
            &[&app, &scope, &since, &limit],
        )
    }

    /// Some of the notices that wait for the next sweep of an app.
    pub fn webhook_notices(&self, app: &str, limit: usize) -> Result<Vec<WebhookNotice>, Error> {
        self.db.all(
            "SELECT person, at FROM webhook_notice WHERE app = ?1 ORDER BY person LIMIT ?2",
            &[&app, &limit],
            fields!(WebhookNotice { person, at }),
        )
    }
}

impl Tx<'_> {
    /// Stores a notice for the next sweep.
    pub fn store_webhook_notice(&self, app: &str, notice: &WebhookNotice) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO webhook_notice (app, person, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (app, person) DO UPDATE SET at = excluded.at
                 WHERE webhook_notice.at < excluded.at",
            &[&app, &notice.person, &notice.at],
        )
    }

    /// Makes the tokens due that were not checked since the notice, and removes it. Returns the number of those tokens.
    pub fn apply_webhook_notice(
        &self,
        app: &str,
        notice: &WebhookNotice,
        now: Timestamp,
    ) -> Result<usize, Error> {
        // The later of `now` and the end of the pause after the last check.
        const FROM: &str = "CASE WHEN coalesce(checked_at, 0) + ?5 > ?4
            THEN coalesce(checked_at, 0) + ?5 ELSE ?4 END";
        let due = self.db.changed(
            &format!(
                "UPDATE schedule SET known_answer = NULL, due_at = {FROM}
                 WHERE due_at > {FROM} AND (checked_at IS NULL OR checked_at <= ?3)
                   AND token IN (SELECT id FROM token WHERE app = ?1 AND person = ?2)"
            ),
            &[&app, &notice.person, &notice.at, &now, &PAUSE.as_secs()],
        )?;
        self.delete_webhook_notice(app, &notice.person)?;
        if due > 0 {
            let event = Event::WebhookNotice { tokens: due as u64 };
            self.record_event(&NewEvent::of_app(app, event), now)?;
        }
        Ok(due)
    }

    pub(super) fn delete_webhook_notice(&self, app: &str, person: &str) -> Result<(), Error> {
        let delete = "DELETE FROM webhook_notice WHERE app = ?1 AND person = ?2";
        self.db.run(delete, &[&app, &person])
    }
}
