//! Records what a check learned about a token: facts, health, secret, order and events in one transaction.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{Error, Tx};
use crate::model::{CheckResult, Health, Kind, NewEvent, OrderOutcome, State, Token, TokenId};

/// How a token's row has changed since the check began.
enum Meanwhile {
    Nothing,
    /// A newer secret is in use, or a later check was recorded.
    Superseded,
    Deleted,
}

/// In seconds. A recorded check that is further in the future came from a wrong clock.
const CLOCK_TOLERANCE: i64 = 300;

/// Whether the alerts must look at the token: its cause, person or deadline changed, or it began or stopped failing.
fn needs_alert_review(result: &CheckResult) -> bool {
    let need = |token: &Token| {
        (
            matches!(token.health, Health::Failing { .. }),
            token.cause(),
            token.deadline(),
            token.facts.as_ref().map(|f| f.person.clone()),
        )
    };
    need(result.before()) != need(&result.after)
}

impl Tx<'_> {
    /// Records check results, and then the pages that they listed: those may be among the results. A result with an
    /// irreplaceable secret is saved already.
    pub fn record_all(&self, results: &[CheckResult], now: Timestamp) -> Result<(), Error> {
        for result in results.iter().filter(|result| !result.is_irreplaceable) {
            self.record(result, now)?;
        }
        for result in results {
            if let Some(pages) = &result.pages {
                self.store_page_admins(&result.after, pages, now)?;
            }
        }
        Ok(())
    }

    /// Records a check result. Leaves alone what the operator owns (name, owners, required scopes) and what arrived
    /// meanwhile: a newer candidate, order or check. A new secret is stored even then, because it exists nowhere else.
    pub fn record(&self, result: &CheckResult, now: Timestamp) -> Result<(), Error> {
        match self.meanwhile(result, now)? {
            Meanwhile::Deleted => return Ok(()),
            Meanwhile::Superseded if result.secret.is_none() => {}
            Meanwhile::Superseded | Meanwhile::Nothing => self.write_result(result, now)?,
        }
        if let Some(subscription) = &result.subscription {
            self.store_subscription(&result.after, subscription, now)?;
        }
        if result.before().facts.is_none() && result.after.facts.is_some() {
            self.link_parent(&result.after)?;
        }
        Ok(())
    }

    fn write_result(&self, result: &CheckResult, now: Timestamp) -> Result<(), Error> {
        let (before, after) = (result.before(), &result.after);
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
            self.end_order(after.id, order, OrderOutcome::CarriedOut, now)?;
        }
        if needs_alert_review(result) {
            self.enqueue_for_alerts(after.id)?;
        }
        for event in &result.events {
            let event = NewEvent {
                order: result.claimed.pending_order.map(|pending| pending.event),
                ..NewEvent::about(before, event.clone())
            };
            self.record_event(&event, now)?;
        }
        Ok(())
    }

    /// Schedules the tokens that the results affect. Each person's tokens are scheduled once, even if thousands of that
    /// person's pages died or recovered together. Related tokens may be among the results, so those are recorded first.
    pub fn schedule_related(&self, results: &[CheckResult], now: Timestamp) -> Result<(), Error> {
        let (mut scheduled, mut woken) = (HashSet::new(), HashSet::new());
        let mut measured = HashSet::new();
        for result in results {
            let token = &result.after;
            let Some(facts) = &token.facts else { continue };
            if result.died() && scheduled.insert(&facts.person) {
                self.schedule_related_now(token, now)?;
            }
            let is_own = facts.kind != Kind::Page;
            if result.permissions_changed() && measured.insert((is_own, &facts.person)) {
                self.schedule_permission_checks(token, now)?;
            }
            // Keyed by kind as well, since a user token also schedules pages of other people that it can reach.
            if result.revived() && woken.insert((facts.kind, &facts.person)) {
                self.schedule_pages_now(token, now)?;
            }
        }
        Ok(())
    }

    fn meanwhile(&self, result: &CheckResult, now: Timestamp) -> Result<Meanwhile, Error> {
        let now = now.as_second() + CLOCK_TOLERANCE;
        let before = result.before();
        let newer = self.db.maybe_value(
            "SELECT t.version > ?2 OR coalesce(s.checked_at > ?3 AND s.checked_at <= ?4, FALSE)
             FROM token t JOIN schedule s ON s.token = t.id WHERE t.id = ?1",
            &[&before.id, &before.version, &result.checked_at, &now],
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

    /// Records when an exchange was begun, before it is asked for, so that a crash cannot cause a second one within a
    /// day.
    pub fn set_rotation_tried_at(
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
