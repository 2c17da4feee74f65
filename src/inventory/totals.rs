//! Totals: the whole inventory in a few figures. Each is kept up to date or found by an index, so that no query counts
//! a million tokens.

use jiff::Timestamp;

use super::{Error, View, rows};
use crate::model::{Deadline, Fleet, MailQueue, State, Unchecked};

impl View<'_> {
    /// Tokens that have been failing since `since` or longer, by app. An app with an error is left out: that error is
    /// reported by itself.
    pub fn unchecked(&self, since: Timestamp) -> Result<Vec<Unchecked>, Error> {
        let mut unchecked = self.db.prepare_cached(
            "SELECT app, count(*), min(name) FROM token
             WHERE state = 'failing' AND failures > 0 AND since <= ?1
                AND app NOT IN (SELECT name FROM app WHERE error IS NOT NULL)
             GROUP BY app ORDER BY app",
        )?;
        let unchecked = unchecked.query_map([since.as_second()], |row| {
            Ok(Unchecked {
                app: row.get(0)?,
                tokens: row.get(1)?,
                example: row.get(2)?,
            })
        })?;
        Ok(unchecked.collect::<Result<_, _>>()?)
    }
}

impl View<'_> {
    pub fn fleet(&self) -> Result<Fleet, Error> {
        let mut state_count = self
            .db
            .prepare_cached("SELECT state, tokens FROM state_count")?;
        let mut state_count = state_count.query([])?;
        let mut fleet = Fleet::default();
        while let Some(row) = state_count.next()? {
            let n = row.get(1)?;
            match rows::string_enum(row, 0, State::from_name)? {
                State::Unverified => fleet.unverified = n,
                State::Healthy => fleet.healthy = n,
                State::Expiring => fleet.expiring = n,
                State::Failing => fleet.failing = n,
                State::Dead => fleet.dead = n,
            }
        }
        Ok(fleet)
    }

    pub fn next_deadline(&self) -> Result<Option<Deadline>, Error> {
        let mut next = self.db.prepare_cached(
            "SELECT t.name, s.deadline FROM schedule s JOIN token t ON t.id = s.token
             WHERE s.deadline IS NOT NULL ORDER BY s.deadline LIMIT 1",
        )?;
        let mut next = next.query([])?;
        let Some(row) = next.next()? else {
            return Ok(None);
        };
        Ok(Some(Deadline {
            token: row.get(0)?,
            at: rows::instant(row, 1)?,
        }))
    }

    /// How many incidents are unresolved, and how many of them are not acknowledged.
    pub fn count_incidents(&self) -> Result<(u64, u64), Error> {
        let mut count = self.db.prepare_cached(
            "SELECT count(*), coalesce(sum(acknowledged_until IS NULL), 0)
             FROM incident WHERE resolved_at IS NULL",
        )?;
        Ok(count.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    pub fn mail_queue(&self) -> Result<MailQueue, Error> {
        let mut queue = self.db.prepare_cached(
            "SELECT count(*), min(created_at),
                (SELECT last_error FROM email WHERE next_try_at IS NOT NULL
                    AND last_error IS NOT NULL ORDER BY id DESC LIMIT 1)
             FROM email WHERE next_try_at IS NOT NULL",
        )?;
        let queue = queue.query_row([], |row| {
            Ok(MailQueue {
                queued: row.get(0)?,
                oldest_queued_at: rows::maybe_instant(row, 1)?,
                last_error: row.get(2)?,
                ..MailQueue::default()
            })
        })?;
        self.with_undelivered(queue)
    }

    /// An undelivered email matters until its incident is resolved, or a later email about it was sent.
    fn with_undelivered(&self, queue: MailQueue) -> Result<MailQueue, Error> {
        let mut undelivered = self.db.prepare_cached(
            "SELECT count(*), coalesce(sum(l.delivered_to = '[]'), 0), max(l.last_error)
             FROM email l LEFT JOIN incident i ON i.id = l.incident
             WHERE l.undelivered_at IS NOT NULL AND i.resolved_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM email later
                WHERE later.incident IS l.incident AND later.id > l.id
                    AND later.sent_at IS NOT NULL AND later.undelivered_at IS NULL)",
        )?;
        let queue = undelivered.query_row([], |row| {
            Ok(MailQueue {
                undelivered: row.get(0)?,
                unread: row.get(1)?,
                rejection: row.get(2)?,
                ..queue
            })
        })?;
        Ok(MailQueue {
            unreached_since: self.unreached_since()?,
            ..queue
        })
    }

    /// An index of waiting and of refused emails finds both halves.
    fn unreached_since(&self) -> Result<Option<Timestamp>, Error> {
        let mut oldest = self.db.prepare_cached(
            "SELECT min(created_at) FROM (
                SELECT created_at FROM email
                WHERE next_try_at IS NOT NULL AND last_error IS NOT NULL AND delivered_to = '[]'
                UNION ALL
                SELECT created_at FROM email WHERE undelivered_at IS NOT NULL AND delivered_to = '[]')
             WHERE created_at > coalesce(
                (SELECT max(sent_at) FROM email WHERE sent_at IS NOT NULL), -1)",
        )?;
        Ok(oldest.query_row([], |row| rows::maybe_instant(row, 0))?)
    }
}
