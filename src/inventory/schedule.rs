//! The schedule: when each token is due. A sweep of healthy tokens writes only here.

use std::collections::HashSet;

use jiff::Timestamp;

use super::engine::{Params, Statement};
use super::{Error, Tx, View};
use crate::model::{Action, Cause, Kind, NextCheck, Token, TokenId};

impl View<'_> {
    /// The due tokens of an app: those with the earliest deadlines, and a quarter that have waited longest, so that a
    /// small budget starves none. Reads an index of due tokens, not the inventory.
    pub fn due(&self, app: &str, now: Timestamp, limit: usize) -> Result<Vec<TokenId>, Error> {
        let mut due = self.due_ordered(app, now, limit - limit / 4, Sort::Deadline)?;
        if due.len() == limit - limit / 4 && limit >= 4 {
            let chosen: HashSet<TokenId> = due.iter().copied().collect();
            let waiting = self.due_ordered(app, now, limit, Sort::Waiting)?;
            let waiting = waiting.into_iter().filter(|id| !chosen.contains(id));
            due.extend(waiting.take(limit / 4));
        }
        Ok(due)
    }

    fn due_ordered(
        &self,
        app: &str,
        now: Timestamp,
        limit: usize,
        order: Sort,
    ) -> Result<Vec<TokenId>, Error> {
        let due = match order {
            Sort::Deadline => {
                "SELECT token FROM schedule WHERE app = ?1 AND due_at <= ?2
                 ORDER BY deadline IS NULL, deadline, token LIMIT ?3"
            }
            Sort::Waiting => {
                "SELECT token FROM schedule WHERE app = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3"
            }
        };
        self.db.values(due, &[&app, &now, &limit])
    }

    /// How many tokens are due, and how many of them have been due since `overdue_since` or longer.
    pub fn count_due(&self, now: Timestamp, overdue_since: Timestamp) -> Result<(u64, u64), Error> {
        self.db.one(
            "SELECT count(*), count(*) FILTER (WHERE due_at <= ?2) FROM schedule WHERE due_at <= ?1",
            &[&now, &overdue_since],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Whether a check is scheduled after `latest`, the latest that is possible.
    pub fn is_due_beyond(&self, app: &str, latest: Timestamp) -> Result<bool, Error> {
        let beyond = "SELECT EXISTS (SELECT 1 FROM schedule WHERE app = ?1 AND due_at > ?2)";
        self.db.value(beyond, &[&app, &latest])
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

#[derive(Clone, Copy)]
enum Sort {
    Deadline,
    Waiting,
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

    /// Records checks that found no change.
    pub fn record_unchanged(&self, next_checks: &[NextCheck]) -> Result<(), Error> {
        let mut update = self.db.prepared(RESCHEDULE)?;
        next_checks
            .iter()
            .try_for_each(|next_check| reschedule(&mut update, next_check))
    }

    /// Sets the next check, unless the lease was lost because a check is wanted now.
    pub(super) fn reschedule(&self, next_check: &NextCheck) -> Result<(), Error> {
        reschedule(&mut self.db.prepared(RESCHEDULE)?, next_check)
    }

    /// Makes tokens due now, which is `?1`, and ends their leases, so that no sweep under way postpones them.
    fn schedule(&self, which: &str, params: Params<'_>) -> Result<usize, Error> {
        let schedule = format!("UPDATE schedule SET due_at = ?1, leased_until = 0 WHERE {which}");
        self.db.changed(&schedule, params)
    }

    /// Makes a token due now, whatever its own back-off. The app's back-off stays.
    pub(super) fn schedule_now(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.clear_suspicion(id)?;
        self.schedule("token = ?2", &[&now, &id]).map(drop)
    }

    /// Makes the person's other tokens due now, because what killed this one may concern them all: their incident is
    /// then complete.
    pub fn schedule_related_now(&self, of: &Token, now: Timestamp) -> Result<usize, Error> {
        let Some(facts) = &of.facts else { return Ok(0) };
        self.schedule(
            "due_at > ?1 AND token IN (
                SELECT id FROM token WHERE app = ?2 AND person = ?3 AND id <> ?4)",
            &[&now, &of.app, &facts.person, &of.id],
        )
    }

    /// Makes the person's other tokens due now, because one of their tokens shows that a permission came or went. When it
    /// is a page token, and the person's own token is alive, only the own token is made due, and its check covers the
    /// pages: each page alone would make all the others due again.
    pub fn schedule_permission_checks(&self, of: &Token, now: Timestamp) -> Result<usize, Error> {
        let Some(facts) = &of.facts else { return Ok(0) };
        let own_only = facts.kind == Kind::Page
            && self.db.value(
                "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND person = ?2 AND id <> ?3
                    AND kind <> 'page' AND state <> 'dead')",
                &[&of.app, &facts.person, &of.id],
            )?;
        self.schedule(
            "due_at > ?1 AND coalesce(checked_at, 0) < ?1 AND token IN (
                SELECT id FROM token WHERE app = ?2 AND person = ?3 AND id <> ?4
                    AND (kind <> 'page' OR ?5 = 0))",
            &[&now, &of.app, &facts.person, &of.id, &own_only],
        )
    }

    /// Makes due now what a token that works again may restore: the person's dead and failing tokens, and every dead
    /// page that is reached through it.
    pub fn schedule_pages_now(&self, of: &Token, now: Timestamp) -> Result<usize, Error> {
        let Some(facts) = &of.facts else { return Ok(0) };
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
        // The plus keeps SQLite from walking all healthy tokens.
        const MISSED: &str = "+state IN ('healthy', 'expiring') AND id IN (
            SELECT token FROM schedule WHERE app = ?1 AND due_at <= ?2 AND leased_until <= ?2)";
        let record = format!(
            "INSERT INTO event (at, kind, token, name, app, detail)
             SELECT ?2, 'changed', id, name, app,
                json_object('from', state, 'to', 'failing', 'cause', ?3)
             FROM token WHERE {MISSED}"
        );
        let fail = format!(
            "UPDATE token SET state = 'failing', cause = ?3, since = ?2, failures = 1
             WHERE {MISSED}"
        );
        self.db.run(&record, &[&app, &now, &cause])?;
        self.db.changed(&fail, &[&app, &now, &cause])
    }

    /// The app works again: makes tokens due now that failed because of the app or of Meta.
    pub fn retry_failing_now(&self, app: &str, now: Timestamp) -> Result<usize, Error> {
        self.schedule(
            "due_at > ?1 AND token IN (
                SELECT id FROM token WHERE state = 'failing' AND app = ?2
                   AND cause IN ('outage', 'throttled', 'blocked', 'app_secret_wrong',
                                 'app_unavailable', 'unexplained'))",
            &[&now, &app],
        )
    }
}

const RESCHEDULE: &str = "
    UPDATE schedule SET due_at = ?3, action = ?4, checked_at = ?5, leased_until = 0
    WHERE token = ?1 AND leased_until = ?2";

fn reschedule(update: &mut Statement<'_>, check: &NextCheck) -> Result<(), Error> {
    let due_at = check.next.map(|next| next.at);
    let action = check.next.map_or(Action::Check, |next| next.action);
    update.run(&[
        &check.token,
        &check.lease.0,
        &due_at,
        &action,
        &check.checked_at,
    ])
}
