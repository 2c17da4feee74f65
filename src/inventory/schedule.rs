//! The schedule: when each token is due. A sweep of healthy tokens writes only here.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::leases::Lease;
use super::{Error, Tx, View, rows};
use crate::model::{Action, Cause, Next, TokenId};

/// A check that changed nothing but the time of the next one.
#[derive(Clone, Copy, Debug)]
pub struct NextCheck {
    pub token: TokenId,
    pub lease: Lease,
    pub checked_at: Timestamp,
    pub next: Option<Next>,
}

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
        let mut due = self.db.prepare_cached(match order {
            Sort::Deadline => {
                "SELECT token FROM schedule WHERE app = ?1 AND due_at <= ?2
                 ORDER BY deadline IS NULL, deadline, token LIMIT ?3"
            }
            Sort::Waiting => {
                "SELECT token FROM schedule WHERE app = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3"
            }
        })?;
        let due = due.query_map(params![app, now.as_second(), limit], |row| row.get(0))?;
        Ok(due.collect::<Result<_, _>>()?)
    }

    /// How many tokens are due, and how many of them have been due since `overdue_since` or longer.
    pub fn count_due(&self, now: Timestamp, overdue_since: Timestamp) -> Result<(u64, u64), Error> {
        let mut count = self.db.prepare_cached(
            "SELECT count(*), coalesce(sum(due_at <= ?2), 0) FROM schedule WHERE due_at <= ?1",
        )?;
        let both = params![now.as_second(), overdue_since.as_second()];
        Ok(count.query_row(both, |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Whether a check is scheduled after `latest`, the latest that is possible.
    pub fn is_due_beyond(&self, app: &str, latest: Timestamp) -> Result<bool, Error> {
        let mut beyond = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM schedule WHERE app = ?1 AND due_at > ?2)",
        )?;
        Ok(beyond.query_row(params![app, latest.as_second()], |row| row.get(0))?)
    }

    /// When the next check of an app is due.
    pub fn next_due(&self, app: &str) -> Result<Option<Timestamp>, Error> {
        let mut next = self.db.prepare_cached(
            "SELECT due_at FROM schedule WHERE app = ?1 AND due_at IS NOT NULL
             ORDER BY due_at LIMIT 1",
        )?;
        Ok(next
            .query_row([app], |row| rows::instant(row, 0))
            .optional()?)
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
        let mut pull = self.db.prepare_cached(
            "UPDATE schedule SET due_at = ?3 WHERE token IN (
                SELECT token FROM schedule WHERE app = ?1 AND due_at > ?2 LIMIT ?4)",
        )?;
        Ok(pull.execute(params![app, latest.as_second(), now.as_second(), limit])?)
    }

    /// Records checks that found no change.
    pub fn record_unchanged(&self, next_checks: &[NextCheck]) -> Result<(), Error> {
        let mut update = self.db.prepare_cached(RESCHEDULE)?;
        for next_check in next_checks {
            reschedule(&mut update, next_check)?;
        }
        Ok(())
    }

    /// Sets the next check, unless the lease was lost because a check is wanted now.
    pub(super) fn reschedule(&self, next_check: &NextCheck) -> Result<(), Error> {
        reschedule(&mut self.db.prepare_cached(RESCHEDULE)?, next_check)
    }

    /// Makes a token due now, whatever its own back-off. The app's back-off stays.
    pub(super) fn schedule_now(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.clear_suspicion(id)?;
        self.db
            .prepare_cached("UPDATE schedule SET due_at = ?2, leased_until = 0 WHERE token = ?1")?
            .execute(params![id, now.as_second()])?;
        Ok(())
    }

    /// Somebody changed something: look again at once, whatever back-off said.
    pub fn make_due(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.schedule_now(id, now)?;
        self.db
            .prepare_cached("SELECT app FROM schedule WHERE token = ?1")?
            .query_row([id], |row| row.get::<_, String>(0))
            .optional()?
            .map_or(Ok(()), |app| self.clear_backoff(&app))
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
        let these = params![app, now.as_second(), cause.as_str()];
        self.db
            .prepare_cached(&format!(
                "INSERT INTO event (at, kind, token, name, app, detail)
                 SELECT ?2, 'changed', id, name, app,
                    json_object('from', state, 'to', 'failing', 'cause', ?3)
                 FROM token WHERE {MISSED}"
            ))?
            .execute(these)?;
        let mut fail = self.db.prepare_cached(&format!(
            "UPDATE token SET state = 'failing', cause = ?3, since = ?2, failures = 1
             WHERE {MISSED}"
        ))?;
        Ok(fail.execute(these)?)
    }

    /// The app works again: makes tokens due now that failed because of the app or of Meta.
    pub fn retry_failing_now(&self, app: &str, now: Timestamp) -> Result<usize, Error> {
        let mut retry = self.db.prepare_cached(
            "UPDATE schedule SET due_at = ?2
             WHERE due_at > ?2 AND token IN (
                SELECT id FROM token WHERE state = 'failing' AND app = ?1
                   AND cause IN ('outage', 'throttled', 'blocked', 'app_secret_wrong',
                                 'app_unavailable', 'unexplained'))",
        )?;
        Ok(retry.execute(params![app, now.as_second()])?)
    }
}

const RESCHEDULE: &str = "
    UPDATE schedule SET due_at = ?3, action = ?4, checked_at = ?5, leased_until = 0
    WHERE token = ?1 AND leased_until = ?2";

fn reschedule(update: &mut CachedStatement<'_>, next_check: &NextCheck) -> Result<(), Error> {
    let action = next_check.next.map_or(Action::Check, |next| next.action);
    update.execute(params![
        next_check.token,
        next_check.lease.0,
        rows::seconds(next_check.next.map(|next| next.at)),
        action.as_str(),
        next_check.checked_at.as_second()
    ])?;
    Ok(())
}
