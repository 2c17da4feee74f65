//! When each token is due, and who is at work on it. A sweep of a healthy fleet writes only here.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::cells::Bearer;
use super::{Candidate, Errand, Error, Listening, Tx, View, rows, subscriptions};
use crate::secret::Secret;
use crate::token::{Action, Cause, Next, Token, TokenId};

/// A token that this pass alone works on until its lease ends.
#[derive(Debug)]
pub struct Claimed {
    pub token: Token,
    pub secret: Secret,
    /// When an exchange was last begun, whether or not we learned how it went.
    pub rotation_tried_at: Option<Timestamp>,
    /// Of a page: whether the app is told of what happens there, as Meta said last.
    pub listening: Option<Listening>,
    pub errand: Option<Errand>,
    /// A secret that waits to be confirmed and swapped in.
    pub candidate: Option<Candidate>,
    pub lease: Lease,
}

/// Proof that a pass still owns what it claimed. An order that comes meanwhile ends it, so that the pass cannot
/// put off what was asked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(i64);

/// A visit that changed nothing but the time of the next one.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub token: TokenId,
    pub lease: Lease,
    pub checked_at: Timestamp,
    pub next: Option<Next>,
}

impl View<'_> {
    /// What is due of one app: the earliest deadlines, and besides them a quarter that has waited longest, so
    /// that a scarce budget starves nobody. Reads an index over what is due, not the inventory.
    pub fn due(&self, app: &str, now: Timestamp, limit: usize) -> Result<Vec<TokenId>, Error> {
        let mut due = self.due_ordered(app, now, limit - limit / 4, Order::Deadline)?;
        if due.len() == limit - limit / 4 && limit >= 4 {
            let chosen: HashSet<TokenId> = due.iter().copied().collect();
            let waiting = self.due_ordered(app, now, limit, Order::Waiting)?;
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
        order: Order,
    ) -> Result<Vec<TokenId>, Error> {
        let mut due = self.db.prepare_cached(match order {
            Order::Deadline => {
                "SELECT token FROM agenda WHERE app = ?1 AND due_at <= ?2
                 ORDER BY deadline IS NULL, deadline, token LIMIT ?3"
            }
            Order::Waiting => {
                "SELECT token FROM agenda WHERE app = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3"
            }
        })?;
        let due = due.query_map(params![app, now.as_second(), limit], |row| row.get(0))?;
        Ok(due.collect::<Result<_, _>>()?)
    }

    /// How many are due, and how many have been for longer than they should.
    pub fn count_due(&self, now: Timestamp, overdue_since: Timestamp) -> Result<(u64, u64), Error> {
        let mut count = self.db.prepare_cached(
            "SELECT count(*), coalesce(sum(due_at <= ?2), 0) FROM agenda WHERE due_at <= ?1",
        )?;
        let both = params![now.as_second(), overdue_since.as_second()];
        Ok(count.query_row(both, |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Is a visit put off until after `latest`, which none can be?
    pub fn is_due_beyond(&self, app: &str, latest: Timestamp) -> Result<bool, Error> {
        let mut beyond = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM agenda WHERE app = ?1 AND due_at > ?2)",
        )?;
        Ok(beyond.query_row(params![app, latest.as_second()], |row| row.get(0))?)
    }

    /// When the next visit of an app is due.
    pub fn next_due(&self, app: &str) -> Result<Option<Timestamp>, Error> {
        let mut next = self.db.prepare_cached(
            "SELECT due_at FROM agenda WHERE app = ?1 AND due_at IS NOT NULL
             ORDER BY due_at LIMIT 1",
        )?;
        Ok(next
            .query_row([app], |row| rows::instant(row, 0))
            .optional()?)
    }

    /// Reads what was leased, with the statement that the whole claim shares.
    fn leased(
        &self,
        read: &mut CachedStatement<'_>,
        id: TokenId,
        lease: Lease,
    ) -> Result<Option<Claimed>, Error> {
        let found = read.query_row([id], |row| {
            let sealed: Vec<u8> = row.get(rows::COLUMNS)?;
            let tried_at = rows::maybe_instant(row, rows::COLUMNS + 1)?;
            let listening = subscriptions::listening(row, rows::COLUMNS + 2)?;
            Ok((rows::token(row)?, sealed, tried_at, listening))
        });
        let Some((token, sealed, rotation_tried_at, listening)) = found.optional()? else {
            return Ok(None);
        };
        let secret = self.unseal(Bearer::of(&token), token.version, &sealed)?;
        let (errand, candidate) = (None, None);
        Ok(Some(Claimed {
            token,
            secret,
            rotation_tried_at,
            listening,
            errand,
            candidate,
            lease,
        }))
    }
}

#[derive(Clone, Copy)]
enum Order {
    Deadline,
    Waiting,
}

impl Tx<'_> {
    /// Leases those of `due` that are still due and free, and reads them as they are now, not as they were
    /// when somebody looked before. One that does not open stays due, and stops no other.
    pub fn claim(
        &self,
        due: &[TokenId],
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Vec<Claimed>, Error> {
        // A lease that ends later than one that begins now was given by a clock that was wrong.
        let mut take = self.db.prepare_cached(
            "UPDATE agenda SET leased_until = ?3
             WHERE token = ?1 AND due_at <= ?2 AND (leased_until <= ?2 OR leased_until > ?3 + 300)",
        )?;
        let mut read = self.db.prepare_cached(&format!(
            "SELECT {}, v.secret, t.rotation_tried_at, s.state, s.missing, s.asked_at {}
             JOIN version v ON v.token = t.id AND v.number = t.version
             LEFT JOIN subscription s ON s.token = t.id WHERE t.id = ?1",
            rows::TOKEN,
            rows::FROM
        ))?;
        let lease = Lease(leased_until.as_second());
        let errands = self.errands()?;
        let mut candidates = self.candidates()?;
        let mut claimed = Vec::with_capacity(due.len());
        for &id in due {
            if take.execute(params![id, now.as_second(), lease.0])? == 0 {
                continue;
            }
            let mut leased = match self.leased(&mut read, id, lease) {
                Ok(Some(leased)) => leased,
                Ok(None) => continue,
                Err(error @ Error::Unsealable(_)) => {
                    tracing::error!("its token is not visited; the others are: {error}");
                    continue;
                }
                Err(error) => return Err(error),
            };
            if leased.rotation_tried_at.is_some_and(|at| at > now) {
                leased.rotation_tried_at = Some(now);
                self.set_rotation_tried_at(id, Some(now))?;
            }
            leased.errand = errands.for_token(id);
            leased.candidate = candidates.remove(&id);
            claimed.push(leased);
        }
        Ok(claimed)
    }

    /// Makes due now what is put off until after `latest`, some at a time.
    pub fn pull_due_in(
        &self,
        app: &str,
        latest: Timestamp,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, Error> {
        let mut pull = self.db.prepare_cached(
            "UPDATE agenda SET due_at = ?3 WHERE token IN (
                SELECT token FROM agenda WHERE app = ?1 AND due_at > ?2 LIMIT ?4)",
        )?;
        Ok(pull.execute(params![app, latest.as_second(), now.as_second(), limit])?)
    }

    /// Gives a lease back without having learned anything.
    pub fn release(&self, tokens: &[TokenId]) -> Result<(), Error> {
        let mut free = self
            .db
            .prepare_cached("UPDATE agenda SET leased_until = 0 WHERE token = ?1")?;
        for id in tokens {
            free.execute([id])?;
        }
        Ok(())
    }

    /// Ends what an earlier run of the daemon had claimed: the lock on the file proves that it works no more.
    pub(super) fn end_leases(&self) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE agenda SET leased_until = 0 WHERE leased_until <> 0")?
            .execute([])?;
        Ok(())
    }

    /// Notes visits that found everything as it was.
    pub fn note_unchanged(&self, visits: &[Visit]) -> Result<(), Error> {
        let mut note = self.db.prepare_cached(RESCHEDULE)?;
        for visit in visits {
            reschedule(&mut note, visit)?;
        }
        Ok(())
    }

    /// Sets the next visit, unless the lease was lost to somebody who wants one now.
    pub(super) fn reschedule(&self, visit: &Visit) -> Result<(), Error> {
        reschedule(&mut self.db.prepare_cached(RESCHEDULE)?, visit)
    }

    /// Somebody changed something: look again at once, whatever back-off said.
    pub fn make_due(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        self.acquit(id)?;
        self.db
            .prepare_cached("UPDATE agenda SET due_at = ?2, leased_until = 0 WHERE token = ?1")?
            .execute(params![id, now.as_second()])?;
        self.db
            .prepare_cached("SELECT app FROM agenda WHERE token = ?1")?
            .query_row([id], |row| row.get::<_, String>(0))
            .optional()?
            .map_or(Ok(()), |app| self.end_rest(&app))
    }

    /// The app is still in trouble: nobody can say any more that those whose visit is due are well. What was never
    /// asked about, and what is dead, stays as it is.
    pub fn miss_due(&self, app: &str, cause: Cause, now: Timestamp) -> Result<usize, Error> {
        // The plus keeps SQLite from walking through all that are healthy.
        const MISSED: &str = "+state IN ('healthy', 'expiring') AND id IN (
            SELECT token FROM agenda WHERE app = ?1 AND due_at <= ?2 AND leased_until <= ?2)";
        let these = params![app, now.as_second(), cause.word()];
        self.db
            .prepare_cached(&format!(
                "INSERT INTO event (at, kind, token, name, app, detail)
                 SELECT ?2, 'changed', id, name, app,
                    json_object('from', state, 'to', 'failing', 'cause', ?3)
                 FROM token WHERE {MISSED}"
            ))?
            .execute(these)?;
        let mut miss = self.db.prepare_cached(&format!(
            "UPDATE token SET state = 'failing', cause = ?3, since = ?2, failures = 1
             WHERE {MISSED}"
        ))?;
        Ok(miss.execute(these)?)
    }

    /// The app works again: those that failed for the app's or Meta's sake need not wait any longer.
    pub fn hasten_failing(&self, app: &str, now: Timestamp) -> Result<usize, Error> {
        let mut hasten = self.db.prepare_cached(
            "UPDATE agenda SET due_at = ?2
             WHERE due_at > ?2 AND token IN (
                SELECT id FROM token WHERE state = 'failing' AND app = ?1
                   AND cause IN ('outage', 'throttled', 'blocked', 'app_secret_wrong',
                                 'app_unavailable', 'unexplained'))",
        )?;
        Ok(hasten.execute(params![app, now.as_second()])?)
    }
}

const RESCHEDULE: &str = "
    UPDATE agenda SET due_at = ?3, action = ?4, checked_at = ?5, leased_until = 0
    WHERE token = ?1 AND leased_until = ?2";

fn reschedule(note: &mut CachedStatement<'_>, visit: &Visit) -> Result<(), Error> {
    let action = visit.next.map_or(Action::Check, |next| next.action);
    note.execute(params![
        visit.token,
        visit.lease.0,
        rows::seconds(visit.next.map(|next| next.at)),
        action.word(),
        visit.checked_at.as_second()
    ])?;
    Ok(())
}
