//! The schedule: when each token is due. A sweep of healthy tokens writes only here.

use jiff::Timestamp;

use super::engine::{Params, fields};
use super::{Error, Tx, View};
use crate::model::{
    AnswerDigest, Cause, Concern, Due, Facts, Kind, NextCheck, Related, Token, TokenId,
};

/// The two columns of a known answer.
fn known(next_check: &NextCheck) -> (Option<AnswerDigest>, Option<Timestamp>) {
    let answer = next_check.known_answer;
    (
        answer.map(|known| known.digest),
        answer.map(|known| known.until),
    )
}

impl View<'_> {
    /// Some of the due tokens of an app: those that have waited longest. Reads an index of what is due.
    pub fn due(&self, app: &str, now: Timestamp, limit: usize) -> Result<Vec<Due>, Error> {
        self.db.all(
            "SELECT token, due_at, deadline FROM schedule WHERE app = ?1 AND due_at <= ?2
             ORDER BY due_at LIMIT ?3",
            &[&app, &now, &limit],
            fields!(Due {
                token,
                due_at,
                deadline
            }),
        )
    }

    /// How many tokens are due, and how many of them have been due since `overdue_since` or longer. Reads the index app
    /// by app, so that only what is due takes time.
    pub fn count_due(&self, now: Timestamp, overdue_since: Timestamp) -> Result<(u64, u64), Error> {
        self.db.one(
            "WITH RECURSIVE of (app) AS (
                SELECT min(app) FROM schedule WHERE due_at IS NOT NULL
                UNION ALL
                SELECT (SELECT min(s.app) FROM schedule s WHERE s.app > of.app AND s.due_at IS NOT NULL)
                FROM of WHERE of.app IS NOT NULL)
             SELECT count(*), count(*) FILTER (WHERE s.due_at <= ?2)
             FROM of CROSS JOIN schedule s WHERE s.app = of.app AND s.due_at <= ?1",
            &[&now, &overdue_since],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Whether a check is scheduled after `latest`, the latest that is possible.
    pub fn is_due_beyond(&self, app: &str, latest: Timestamp) -> Result<bool, Error> {
        // Asks for the last one instead of whether one exists: a server that plans without the values expects so many
        // that it would read all to find one.
        let last: Option<Timestamp> = self.db.maybe_value(
            "SELECT due_at FROM schedule WHERE app = ?1 AND due_at IS NOT NULL
             ORDER BY due_at DESC LIMIT 1",
            &[&app],
        )?;
        Ok(last.is_some_and(|last| last > latest))
    }

    /// When the next check of an app is due.
    pub fn next_due(&self, app: &str) -> Result<Option<Timestamp>, Error> {
        self.db.maybe_value(
            "SELECT due_at FROM schedule WHERE app = ?1 AND due_at IS NOT NULL
             ORDER BY due_at LIMIT 1",
            &[&app],
        )
    }
}

impl Tx<'_> {
    /// Makes checks due now that are scheduled after `latest`, up to `limit` of them.
    pub fn pull_due_in(
        &self,
        app: &str,
        latest: Timestamp,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, Error> {
        self.schedule(
            "token IN (SELECT token FROM schedule WHERE app = ?2 AND due_at > ?3 LIMIT ?4)",
            &[&now, &app, &latest, &limit],
        )
    }

    /// Records checks of an app that found no change.
    pub fn record_unchanged(&self, app: &str, next_checks: &[NextCheck]) -> Result<(), Error> {
        let checks = next_checks.len() as u64;
        self.recorded.borrow_mut().add_checks(app, checks);
        let mut update = self.db.batch(
            "UPDATE schedule SET due_at = ?3, action = ?4, checked_at = ?5, known_answer = ?6, known_until = ?7
             WHERE token = ?1 AND due_at = ?2",
        )?;
        next_checks.iter().try_for_each(|next_check| {
            let (due_at, action) = next_check.next();
            let NextCheck {
                token, checked_at, ..
            } = next_check;
            let (answer, until) = known(next_check);
            update.add(&[
                token,
                &next_check.due_at,
                &due_at,
                &action,
                checked_at,
                &answer,
                &until,
            ])
        })?;
        update.finish()
    }

    /// Sets the next check and the deadline. Returns whether that was possible: not if the token was made due again
    /// meanwhile.
    pub(super) fn reschedule(
        &self,
        next_check: &NextCheck,
        deadline: Option<Timestamp>,
    ) -> Result<bool, Error> {
        let (due_at, action) = next_check.next();
        let (answer, until) = known(next_check);
        let changed = self.db.changed(
            "UPDATE schedule SET due_at = ?3, action = ?4, checked_at = ?5, deadline = ?6,
                known_answer = ?7, known_until = ?8
             WHERE token = ?1 AND due_at = ?2",
            &[
                &next_check.token,
                &next_check.due_at,
                &due_at,
                &action,
                &next_check.checked_at,
                &deadline,
                &answer,
                &until,
            ],
        )?;
        Ok(changed > 0)
    }

    pub(super) fn set_deadline(
        &self,
        token: TokenId,
        deadline: Option<Timestamp>,
    ) -> Result<(), Error> {
        let set = "UPDATE schedule SET deadline = ?2 WHERE token = ?1";
        self.db.run(set, &[&token, &deadline])
    }

    /// Makes tokens due now, which is `?1`. The time always changes, so that no sweep under way postpones them. Something
    /// happened, so the known answer is judged again.
    fn schedule(&self, which: &str, params: Params<'_>) -> Result<usize, Error> {
        let schedule = format!(
            "UPDATE schedule SET due_at = CASE WHEN due_at <= ?1 THEN due_at - 1 ELSE ?1 END, known_answer = NULL
             WHERE {which}"
        );
        self.db.changed(&schedule, params)
    }

    /// Makes a token due now, whatever its own back-off. The app's back-off stays.
    pub(super) fn schedule_now(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.clear_suspicion(id)?;
        self.schedule_again(id, now)
    }

    /// Makes a token due now, also if a check of it is under way, which does not know what has happened.
    pub(super) fn schedule_again(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.schedule("token = ?2", &[&now, &id]).map(drop)
    }

    /// Makes a token due now, if it is not due already: its check may be under way, and is not made in vain. In any case
    /// the next answer is judged.
    pub(super) fn schedule_unless_due(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "UPDATE schedule SET due_at = CASE WHEN due_at <= ?1 THEN due_at ELSE ?1 END, known_answer = NULL
             WHERE token = ?2",
            &[&now, &id],
        )
    }

    /// Makes the tokens due that a result concerns. They may have results themselves, so those are recorded first.
    pub fn schedule_related(&self, related: &Related, now: Timestamp) -> Result<usize, Error> {
        let Some(facts) = &related.of.facts else {
            return Ok(0);
        };
        match related.concern {
            Concern::Death => self.schedule_persons_tokens(&related.of, facts, now),
            Concern::Permissions => self.schedule_permission_checks(&related.of, facts, now),
            Concern::Recovery => self.schedule_pages(&related.of, facts, now),
        }
    }

    fn schedule_persons_tokens(
        &self,
        of: &Token,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<usize, Error> {
        self.schedule(
            "due_at > ?1 AND token IN (
                SELECT id FROM token WHERE app = ?2 AND person = ?3 AND id <> ?4)",
            &[&now, &of.app, &facts.person, &of.id],
        )
    }

    /// When a page token shows the change, and the person's own token is alive, only the own token is made due, and its
    /// check covers the pages: each page alone would make all the others due again.
    fn schedule_permission_checks(
        &self,
        of: &Token,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let own_only = facts.kind == Kind::Page
            && self.db.value(
                "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND person = ?2 AND id <> ?3
                    AND kind <> 'page' AND state <> 'dead')",
                &[&of.app, &facts.person, &of.id],
            )?;
        self.schedule(
            "due_at > ?1 AND coalesce(checked_at, 0) < ?1 AND token IN (
                SELECT id FROM token WHERE app = ?2 AND person = ?3 AND id <> ?4
                    AND (kind <> 'page' OR CAST(?5 AS BIGINT) = 0))",
            &[&now, &of.app, &facts.person, &of.id, &own_only],
        )
    }

    /// What a token that works again may restore: the person's dead and failing tokens, and every dead page that is
    /// reached through it.
    fn schedule_pages(&self, of: &Token, facts: &Facts, now: Timestamp) -> Result<usize, Error> {
        self.schedule(
            "token <> ?4 AND (due_at IS NULL OR due_at > ?1) AND token IN (
                SELECT id FROM token
                    WHERE app = ?2 AND person = ?3 AND state IN ('dead', 'failing')
                UNION SELECT id FROM token WHERE parent = ?4 AND state IN ('dead', 'failing')
                UNION SELECT t.id FROM page_admin d JOIN token t ON t.app = ?2 AND t.subject = d.page
                    WHERE d.token = ?4 AND t.state = 'dead')",
            &[&now, &of.app, &facts.person, &of.id],
        )
    }

    /// Somebody changed something: look again at once, whatever back-off said.
    pub fn make_due(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.schedule_now(id, now)?;
        let app = "SELECT app FROM schedule WHERE token = ?1";
        let app: Option<String> = self.db.maybe_value(app, &[&id])?;
        app.map_or(Ok(()), |app| self.clear_backoff(&app))
    }

    /// Marks the healthy and expiring tokens whose check is overdue as failing: the app still has an error, so their
    /// state is unknown. Unverified and dead tokens stay as they are.
    pub fn mark_overdue_failing(
        &self,
        app: &str,
        cause: Cause,
        now: Timestamp,
    ) -> Result<usize, Error> {
        const MISSED: &str = "state IN ('healthy', 'expiring') AND id IN (
            SELECT token FROM schedule WHERE app = ?1 AND due_at <= ?2)";
        // States and causes are plain words, which JSON takes as they are.
        let record = format!(
            "INSERT INTO event (at, kind, token, name, app, detail)
             SELECT ?2, 'changed', id, name, app,
                '{{\"from\":\"' || state || '\",\"to\":\"failing\",\"cause\":\"' || ?3 || '\"}}'
             FROM token WHERE {MISSED}"
        );
        let fail = format!(
            "UPDATE token SET state = 'failing', cause = ?3, since = ?2, failures = 1
             WHERE {MISSED}"
        );
        self.db.run(&record, &[&app, &now, &cause])?;
        self.db.changed(&fail, &[&app, &now, &cause])
    }

    /// Makes the token of the app due now that is the next one to be due. Returns whether there is one.
    pub fn schedule_next_now(&self, app: &str, now: Timestamp) -> Result<bool, Error> {
        let next = self.due(app, Timestamp::MAX, 1)?;
        for due in next.iter().filter(|due| due.due_at > now) {
            self.schedule_again(due.token, now)?;
        }
        Ok(!next.is_empty())
    }

    /// The app works again: makes tokens due now that failed because of the app or of Meta.
    pub fn retry_failing_now(&self, app: &str, now: Timestamp) -> Result<usize, Error> {
        self.schedule(
            "due_at > ?1 AND token IN (
                SELECT id FROM token WHERE state = 'failing' AND app = ?2
                   AND cause IN ('outage', 'throttled', 'blocked', 'app_secret_wrong',
                                 'app_unavailable', 'version_ended', 'unexplained'))",
            &[&now, &app],
        )
    }
}
