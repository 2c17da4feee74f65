//! Writing down what a pass has learned of a token: facts, health, secret, errand and journal in one transaction.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Error, EventId, Lease, NewEvent, NextCheck, Tx, rows};
use crate::model::{Health, State, Token, TokenId};
use crate::secret::Secret;

/// What one visit found out, and what became of what was asked for.
#[derive(Clone, Debug)]
pub struct CheckResult {
    pub before: Token,
    pub after: Token,
    pub lease: Lease,
    pub checked_at: Timestamp,
    /// A secret that Meta has just confirmed, to be put in use.
    pub secret: Option<Secret>,
    /// The candidate that was judged, by its number; it is gone after this, accepted or not.
    pub checked_candidate: Option<u32>,
    /// The errand that was carried out.
    pub order_done: Option<EventId>,
    pub events: Vec<NewEvent>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    Written,
    /// The token was deleted meanwhile, and with it everything that the record says.
    Gone,
}

/// How a token's row has changed since the visit began.
enum Meanwhile {
    Nothing,
    /// A newer secret is in use, or a later visit was written.
    Superseded,
    Deleted,
}

/// A visit that seems to lie further ahead was written by a clock that was wrong.
const CLOCK_TOLERANCE: i64 = 300;

impl CheckResult {
    pub fn next_check(&self) -> NextCheck {
        NextCheck {
            token: self.after.id,
            lease: self.lease,
            checked_at: self.checked_at,
            next: self.after.next,
        }
    }

    /// Only the secret and what it is: for when more than that cannot be written.
    pub(super) fn without_notice(&self) -> Self {
        Self {
            checked_candidate: None,
            order_done: None,
            events: Vec::new(),
            ..self.clone()
        }
    }

    /// Nothing to write but the time of the next visit.
    pub fn is_routine(&self) -> bool {
        let same = self.before.facts == self.after.facts
            && self.before.health == self.after.health
            && self.before.permissions == self.after.permissions
            && self.before.refused == self.after.refused
            && self.before.parent == self.after.parent
            && self.before.subject_name == self.after.subject_name
            && self.before.last_rotation == self.after.last_rotation;
        same && self.secret.is_none()
            && self.checked_candidate.is_none()
            && self.order_done.is_none()
            && self.events.is_empty()
    }

    /// Somebody's need has changed: another cause, person or end than before, or a verdict that was doubtful stands.
    fn needs_alert_review(&self) -> bool {
        let need = |token: &Token| {
            (
                matches!(token.health, Health::Failing { .. }),
                token.cause(),
                token.deadline(),
                token.facts.as_ref().map(|f| f.person.clone()),
            )
        };
        need(&self.before) != need(&self.after)
    }
}

impl Tx<'_> {
    /// Writes down what was learned. What the operator owns (name, owners, required scopes) is not touched,
    /// and neither is what came in meanwhile: a newer candidate, a newer errand, a newer visit. A new secret is
    /// kept whatever came in, for it exists nowhere else.
    pub fn record(&self, learned: &CheckResult, now: Timestamp) -> Result<Recorded, Error> {
        let (before, after) = (&learned.before, &learned.after);
        match self.meanwhile(learned, now)? {
            Meanwhile::Deleted => return Ok(Recorded::Gone),
            Meanwhile::Superseded if learned.secret.is_none() => return Ok(Recorded::Written),
            Meanwhile::Superseded | Meanwhile::Nothing => {}
        }
        if let Some(number) = learned.checked_candidate {
            self.drop_candidate(before.id, number)?;
        }
        let (version, fingerprint) = match &learned.secret {
            Some(secret) => self.swap_in(before, secret, now)?,
            None => (before.version, before.fingerprint.clone()),
        };
        if after.facts != before.facts {
            self.write_facts(after)?;
        }
        if after.permissions != before.permissions {
            self.write_permissions(before, after, now)?;
        }
        self.write_health(after, version, &fingerprint)?;
        self.set_deadline(after)?;
        self.reschedule(&learned.next_check())?;
        if let Some(order) = learned.order_done {
            self.order_is_done(after.id, order)?;
        }
        if learned.needs_alert_review() {
            self.enqueue_for_alerts(after.id)?;
        }
        learned
            .events
            .iter()
            .try_for_each(|event| self.record_event(event, now).map(drop))?;
        Ok(Recorded::Written)
    }

    fn meanwhile(&self, learned: &CheckResult, now: Timestamp) -> Result<Meanwhile, Error> {
        let mut newer = self.db.prepare_cached(
            "SELECT t.version > ?2 OR coalesce(s.checked_at > ?3 AND s.checked_at <= ?4, 0)
             FROM token t JOIN schedule s ON s.token = t.id WHERE t.id = ?1",
        )?;
        let CheckResult {
            before, checked_at, ..
        } = learned;
        let seen = params![
            before.id,
            before.version,
            checked_at.as_second(),
            now.as_second() + CLOCK_TOLERANCE
        ];
        let newer: Option<bool> = newer.query_row(seen, |row| row.get(0)).optional()?;
        Ok(match newer {
            None => Meanwhile::Deleted,
            Some(true) => Meanwhile::Superseded,
            Some(false) => Meanwhile::Nothing,
        })
    }

    fn write_facts(&self, token: &Token) -> Result<(), Error> {
        let Some(facts) = &token.facts else {
            return Ok(());
        };
        self.db
            .prepare_cached(
                "UPDATE token SET kind = ?2, subject = ?3, person = ?4, issued_at = ?5,
                    expires_at = ?6, data_access_expires_at = ?7, scopes = ?8
                 WHERE id = ?1",
            )?
            .execute(params![
                token.id,
                facts.kind.as_str(),
                facts.subject,
                facts.person,
                rows::seconds(facts.issued_at),
                facts.expires_at,
                facts.data_access_expires_at,
                facts.scopes
            ])?;
        Ok(())
    }

    /// A permission that turns out never to have been there is for the operators to be told.
    fn write_permissions(
        &self,
        before: &Token,
        after: &Token,
        now: Timestamp,
    ) -> Result<(), Error> {
        let known = &before.permissions.ungranted;
        let found = &after.permissions;
        self.db
            .prepare_cached(
                "UPDATE token SET lost_scopes = ?2, ungranted_scopes = ?3 WHERE id = ?1",
            )?
            .execute(params![after.id, found.lost, found.ungranted])?;
        if known.is_superset_of(&found.ungranted) {
            return Ok(());
        }
        self.db
            .prepare_cached("INSERT OR IGNORE INTO ungranted (token, found_at) SELECT id, ?2 FROM token WHERE id = ?1")?
            .execute(params![after.id, now.as_second()])?;
        Ok(())
    }

    fn write_health(&self, token: &Token, version: u32, fingerprint: &str) -> Result<(), Error> {
        let (since, failures) = match token.health {
            Health::Failing {
                since, failures, ..
            } => (Some(since), failures),
            // None of its checks failed, which tells it from one whose checks do.
            Health::Lacking { since } | Health::Dead { since, .. } => (Some(since), 0),
            Health::Unverified | Health::Healthy | Health::Expiring { .. } => (None, 0),
        };
        let rotation = token.last_rotation;
        self.db
            .prepare_cached(
                "UPDATE token SET state = ?2, cause = ?3, since = ?4, failures = ?5, version = ?6,
                    fingerprint = ?7, rotated_at = ?8, rotation_outcome = ?9, rotation_at = ?10,
                    subject_name = coalesce(?11, subject_name),
                    parent = coalesce((SELECT id FROM token WHERE id = ?12), parent),
                    refused_since = ?13, refused_cause = ?14
                 WHERE id = ?1",
            )?
            .execute(params![
                token.id,
                token.state().as_str(),
                token.cause().map(|cause| cause.as_str()),
                rows::seconds(since),
                failures,
                version,
                fingerprint,
                rows::seconds(token.rotated_at),
                rotation.map(|rotation| rotation.outcome.as_str()),
                rows::seconds(rotation.map(|rotation| rotation.at)),
                token.subject_name,
                token.parent,
                rows::seconds(token.refused.map(|refused| refused.since)),
                token.refused.map(|refused| refused.cause.as_str())
            ])?;
        Ok(())
    }

    /// A dead token has no end to come.
    fn set_deadline(&self, token: &Token) -> Result<(), Error> {
        let deadline = token.deadline().filter(|_| token.state() != State::Dead);
        self.db
            .prepare_cached("UPDATE schedule SET deadline = ?2 WHERE token = ?1")?
            .execute(params![token.id, rows::seconds(deadline)])?;
        Ok(())
    }

    /// Noted before an exchange is asked for, so that a crash cannot make a second one of it within a day.
    pub fn begin_rotation(&self, token: &Token, now: Timestamp) -> Result<(), Error> {
        self.set_rotation_tried_at(token.id, Some(now))
    }

    /// Meta certainly did not make the exchange that was begun, so it bars no other.
    pub fn undo_rotation(
        &self,
        token: &Token,
        tried_before: Option<Timestamp>,
    ) -> Result<(), Error> {
        self.set_rotation_tried_at(token.id, tried_before)
    }

    pub(super) fn set_rotation_tried_at(
        &self,
        token: TokenId,
        tried_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE token SET rotation_tried_at = ?2 WHERE id = ?1")?
            .execute(params![token, rows::seconds(tried_at)])?;
        Ok(())
    }

    pub(super) fn enqueue_for_alerts(&self, token: TokenId) -> Result<(), Error> {
        self.db
            .prepare_cached("INSERT OR IGNORE INTO incident_queue (token) VALUES (?1)")?
            .execute([token])?;
        Ok(())
    }
}
