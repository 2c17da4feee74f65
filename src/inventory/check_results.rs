//! Records what a check learned about a token: facts, health, secret, order and events in one transaction.

use jiff::Timestamp;

use super::{CheckedCandidate, Error, Lease, NewEvent, NextCheck, Tx};
use crate::model::{EventId, Health, State, Token, TokenId};
use crate::secret::Secret;

/// What one check found out, and what became of the token's candidate and order.
#[derive(Clone, Debug)]
pub struct CheckResult {
    pub before: Token,
    pub after: Token,
    pub lease: Lease,
    pub checked_at: Timestamp,
    /// A secret that Meta has just confirmed, to be put in use.
    pub secret: Option<Secret>,
    pub checked_candidate: Option<CheckedCandidate>,
    /// The order that was carried out.
    pub order_done: Option<EventId>,
    pub events: Vec<NewEvent>,
}

/// Whether a check result was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    Written,
    /// The token was deleted meanwhile, so there is nothing to write.
    Gone,
}

/// How a token's row has changed since the check began.
enum Meanwhile {
    Nothing,
    /// A newer secret is in use, or a later check was recorded.
    Superseded,
    Deleted,
}

/// In seconds. A recorded check that is further in the future came from a wrong clock.
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

    /// The result without candidate, order and events, for when the whole cannot be written.
    pub(super) fn without_notice(&self) -> Self {
        Self {
            checked_candidate: None,
            order_done: None,
            events: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether only the time of the next check has to be written.
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

    /// Whether the alerts must look at the token: its cause, person or deadline changed, or it began or stopped
    /// failing.
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
    /// Records a check result. Leaves alone what the operator owns (name, owners, required scopes) and what arrived
    /// meanwhile: a newer candidate, order or check. A new secret is stored even then, because it exists nowhere else.
    pub fn record(&self, result: &CheckResult, now: Timestamp) -> Result<Recorded, Error> {
        let (before, after) = (&result.before, &result.after);
        match self.meanwhile(result, now)? {
            Meanwhile::Deleted => return Ok(Recorded::Gone),
            Meanwhile::Superseded if result.secret.is_none() => return Ok(Recorded::Written),
            Meanwhile::Superseded | Meanwhile::Nothing => {}
        }
        if let Some(checked) = &result.checked_candidate {
            self.drop_candidate(before.id, checked, now)?;
        }
        let (version, fingerprint) = match &result.secret {
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
        self.reschedule(&result.next_check())?;
        if let Some(order) = result.order_done {
            self.order_is_done(after.id, order)?;
        }
        if result.needs_alert_review() {
            self.enqueue_for_alerts(after.id)?;
        }
        result
            .events
            .iter()
            .try_for_each(|event| self.record_event(event, now).map(drop))?;
        Ok(Recorded::Written)
    }

    fn meanwhile(&self, result: &CheckResult, now: Timestamp) -> Result<Meanwhile, Error> {
        let CheckResult {
            before, checked_at, ..
        } = result;
        let now = now.as_second() + CLOCK_TOLERANCE;
        let newer = self.db.maybe_value(
            "SELECT t.version > ?2 OR coalesce(s.checked_at > ?3 AND s.checked_at <= ?4, FALSE)
             FROM token t JOIN schedule s ON s.token = t.id WHERE t.id = ?1",
            &[&before.id, &before.version, checked_at, &now],
        )?;
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
        self.db.run(
            "UPDATE token SET kind = ?2, subject = ?3, person = ?4, issued_at = ?5,
                expires_at = ?6, data_access_expires_at = ?7, scopes = ?8
             WHERE id = ?1",
            &[
                &token.id,
                &facts.kind,
                &facts.subject,
                &facts.person,
                &facts.issued_at,
                &facts.expires_at,
                &facts.data_access_expires_at,
                &facts.scopes,
            ],
        )
    }

    /// Stores the lost and ungranted permissions. A newly found ungranted one is queued for the report to the
    /// operators.
    fn write_permissions(
        &self,
        before: &Token,
        after: &Token,
        now: Timestamp,
    ) -> Result<(), Error> {
        let known = &before.permissions.ungranted;
        let found = &after.permissions;
        self.db.run(
            "UPDATE token SET lost_scopes = ?2, ungranted_scopes = ?3 WHERE id = ?1",
            &[&after.id, &found.lost, &found.ungranted],
        )?;
        if known.is_superset_of(&found.ungranted) {
            return Ok(());
        }
        self.db.run(
            "INSERT INTO ungranted (token, found_at) SELECT id, ?2 FROM token WHERE id = ?1
             ON CONFLICT DO NOTHING",
            &[&after.id, &now],
        )
    }

    fn write_health(&self, token: &Token, version: u32, fingerprint: &str) -> Result<(), Error> {
        let (since, failures) = match token.health {
            Health::Failing {
                since, failures, ..
            } => (Some(since), failures),
            // Zero failures tells these from tokens whose checks fail.
            Health::Lacking { since } | Health::Dead { since, .. } => (Some(since), 0),
            Health::Unverified | Health::Healthy | Health::Expiring { .. } => (None, 0),
        };
        let rotation = token.last_rotation;
        self.db.run(
            "UPDATE token SET state = ?2, cause = ?3, since = ?4, failures = ?5, version = ?6,
                fingerprint = ?7, rotated_at = ?8, rotation_outcome = ?9, rotation_at = ?10,
                subject_name = coalesce(?11, subject_name),
                parent = coalesce((SELECT id FROM token WHERE id = ?12), parent),
                refused_since = ?13, refused_cause = ?14
             WHERE id = ?1",
            &[
                &token.id,
                &token.state(),
                &token.cause(),
                &since,
                &failures,
                &version,
                &fingerprint,
                &token.rotated_at,
                &rotation.map(|rotation| rotation.outcome),
                &rotation.map(|rotation| rotation.at),
                &token.subject_name,
                &token.parent,
                &token.refused.map(|refused| refused.since),
                &token.refused.map(|refused| refused.cause),
            ],
        )
    }

    /// A dead token has no deadline.
    fn set_deadline(&self, token: &Token) -> Result<(), Error> {
        let deadline = token.deadline().filter(|_| token.state() != State::Dead);
        let set = "UPDATE schedule SET deadline = ?2 WHERE token = ?1";
        self.db.run(set, &[&token.id, &deadline])
    }

    /// Records that an exchange begins, before it is asked for, so that a crash cannot cause a second one within a day.
    pub fn begin_rotation(&self, token: &Token, now: Timestamp) -> Result<(), Error> {
        self.set_rotation_tried_at(token.id, Some(now))
    }

    /// Takes back the record of an exchange that Meta certainly did not make, so that it does not block another one.
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
        let set = "UPDATE token SET rotation_tried_at = ?2 WHERE id = ?1";
        self.db.run(set, &[&token, &tried_at])
    }

    pub(super) fn enqueue_for_alerts(&self, token: TokenId) -> Result<(), Error> {
        let enqueue = "INSERT INTO incident_queue (token) VALUES (?1) ON CONFLICT DO NOTHING";
        self.db.run(enqueue, &[&token])
    }
}
