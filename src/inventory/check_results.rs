//! Records what a check learned about a token: facts, health, secret, order and events in one transaction.

use jiff::Timestamp;

use super::event_log::About;
use super::{Error, Tx};
use crate::model::{CheckResult, Health, Kind, OrderOutcome, State, Token, TokenId};

/// How a token's row has changed since the check began.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// A newer secret is in use, or a later check was recorded.
    Superseded,
    Deleted,
}

/// In seconds. A recorded check that is further in the future came from a wrong clock.
const CLOCK_TOLERANCE: i64 = 300;

/// Whether the alerts must look at the token: its cause, person or deadline changed, or it began or stopped failing. A
/// token without a cause whose first check finds none is in no incident and joins none.
fn needs_alert_review(result: &CheckResult) -> bool {
    let need = |token: &Token| {
        (
            matches!(token.health, Health::Failing { .. }),
            token.cause(),
            token.deadline(),
            token.facts.as_ref().map(|f| f.person.clone()),
        )
    };
    let (before, after) = (result.before(), &result.after);
    let begins_well = before.facts.is_none() && before.cause().is_none() && after.cause().is_none();
    !begins_well && need(before) != need(after)
}

/// Zero failures distinguishes a token that lacks a permission from one whose checks fail.
const fn since_and_failures(health: Health) -> (Option<Timestamp>, u32) {
    match health {
        Health::Failing {
            since, failures, ..
        } => (Some(since), failures),
        Health::Lacking { since } | Health::Dead { since, .. } => (Some(since), 0),
        Health::Unverified | Health::Healthy | Health::Expiring { .. } => (None, 0),
    }
}

impl Tx<'_> {
    /// Records check results: first those that list pages, because a page's token takes its name and parent from the list
    /// when it is recorded, and last what the lists change for tokens that had a result before.
    pub fn record_all(&self, results: &[CheckResult], now: Timestamp) -> Result<(), Error> {
        for result in results.iter().filter(|result| result.pages.is_some()) {
            self.record(result, now)?;
        }
        let mut lists = Vec::new();
        for result in results {
            if let Some(pages) = &result.pages
                && self.list_pages(&result.after, pages)?
            {
                lists.push((&result.after, pages));
            }
        }
        for result in results.iter().filter(|result| result.pages.is_none()) {
            self.record(result, now)?;
        }
        for (user, pages) in lists {
            self.apply_page_list(user, pages, now)?;
        }
        Ok(())
    }

    /// Records a check result. Leaves alone what the operator owns (name, owners, required scopes) and what arrived
    /// meanwhile: a newer candidate, order or check. A new secret is stored even then, because it exists nowhere else.
    pub fn record(&self, result: &CheckResult, now: Timestamp) -> Result<(), Error> {
        let after = &result.after;
        self.recorded.borrow_mut().add_checks(&after.app, 1);
        // A dead token has no deadline.
        let deadline = after.deadline().filter(|_| after.state() != State::Dead);
        // Every other check, and every order, changes the time at which this one was due.
        let is_first = self.reschedule(&result.next_check(), deadline)?;
        let meanwhile = if is_first {
            Meanwhile::Nothing
        } else {
            self.meanwhile(result, now)?
        };
        if meanwhile == Meanwhile::Deleted {
            return Ok(());
        }
        if meanwhile == Meanwhile::Nothing || result.secret.is_some() {
            if !is_first {
                self.set_deadline(after.id, deadline)?;
            }
            self.write_result(result, now)?;
        }
        match &result.subscription {
            Some(subscription) => self.store_subscription(after, subscription, now),
            None => Ok(()),
        }
    }

    fn write_result(&self, result: &CheckResult, now: Timestamp) -> Result<(), Error> {
        let (before, after) = (result.before(), &result.after);
        if let Some(checked) = &result.checked_candidate {
            self.drop_candidate(before.id, checked, now)?;
        }
        if let Some(exchange) = result.measured_exchange {
            self.drop_exchanged(before.id, exchange)?;
        }
        let (version, fingerprint) = match &result.secret {
            Some(secret) => self.swap_in(before, secret, now)?,
            None => (before.version, before.fingerprint.clone()),
        };
        self.write_token(after, version, &fingerprint)?;
        let is_first_description = before.facts.is_none() && after.facts.is_some();
        if result.secret.is_some() || is_first_description {
            self.enqueue_deliveries(after.id, version, now)?;
        }
        if after.is_dead() && !before.is_dead() {
            self.files_are_stale(after.id)?;
        }
        let known = &before.permissions.ungranted;
        if !known.is_superset_of(&after.permissions.ungranted) {
            self.report_ungranted(after.id, now)?;
        }
        if let Some(order) = result.order_done {
            self.end_order(after.id, order, OrderOutcome::CarriedOut, now)?;
        }
        if needs_alert_review(result) {
            self.enqueue_for_alerts(after.id)?;
        }
        let about = About {
            order: result.claimed.pending_order.map(|pending| pending.event),
            ..About::token(before)
        };
        for event in &result.events {
            self.record_about(&about, event, now)?;
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

    /// Stores what is known about the token. A page token that has no name or parent yet gets them from the stored lists
    /// of pages, which are asked for its page alone: the person may have 100,000 others. That is why the user is compared
    /// in a way that no index of a person's tokens serves. A failure undoes the whole
    /// transaction, so SQLite need not be ready to undo the statement.
    fn write_token(&self, token: &Token, version: u32, fingerprint: &str) -> Result<(), Error> {
        let facts = token.facts.as_ref();
        let page = facts.filter(|facts| facts.kind == Kind::Page);
        let page = page.map(|facts| &facts.subject);
        let (since, failures) = since_and_failures(token.health);
        let rotation = token.last_rotation;
        self.db.run(
            "UPDATE OR FAIL token SET state = ?2, cause = ?3, since = ?4, failures = ?5, version = ?6,
                fingerprint = ?7, rotated_at = ?8, rotation_outcome = ?9, rotation_at = ?10,
                refused_since = ?11, refused_cause = ?12, lost_scopes = ?13, ungranted_scopes = ?14,
                kind = ?15, subject = ?16, person = ?17, issued_at = ?18, expires_at = ?19,
                data_access_expires_at = ?20, scopes = coalesce(?21, ''),
                subject_name = coalesce(?22, subject_name,
                    (SELECT name FROM page_admin WHERE page = ?23 ORDER BY token LIMIT 1)),
                parent = coalesce((SELECT id FROM token WHERE id = ?24), parent,
                    (SELECT d.token FROM page_admin d CROSS JOIN token u
                     WHERE u.id = d.token AND d.page = ?23
                        AND u.app IS NOT DISTINCT FROM token.app AND u.person IS NOT DISTINCT FROM ?17
                     ORDER BY d.token LIMIT 1))
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
                &token.refused.map(|refused| refused.since),
                &token.refused.map(|refused| refused.cause),
                &token.permissions.lost,
                &token.permissions.ungranted,
                &facts.map(|facts| facts.kind),
                &facts.map(|facts| &facts.subject),
                &facts.map(|facts| &facts.person),
                &facts.and_then(|facts| facts.issued_at),
                &facts.map(|facts| facts.expires_at),
                &facts.map(|facts| facts.data_access_expires_at),
                &facts.and_then(|facts| facts.scopes.as_ref()),
                &token.subject_name,
                &page,
                &token.parent,
            ],
        )
    }

    /// Queues a permission that was found to be missing from the start for the report to the operators.
    fn report_ungranted(&self, token: TokenId, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO ungranted (token, found_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            &[&token, &now],
        )
    }

    pub(super) fn enqueue_for_alerts(&self, token: TokenId) -> Result<(), Error> {
        let enqueue = "INSERT INTO incident_queue (token) VALUES (?1) ON CONFLICT DO NOTHING";
        self.db.run(enqueue, &[&token])
    }
}
