//! The calls of one pass: what they used in all, how many are left, and how far Meta's clock is ahead of ours.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use crate::model::Facts;
use crate::secret::Secret;

use super::{Client, Error, Grant, Inspection, Reply, Usage};

/// Every call of a pass is counted here, so that its usage is merged into the app's budget once and in full.
#[derive(Debug)]
pub struct Session<'a> {
    pub client: &'a Client,
    pub now: Timestamp,
    /// The moment of `now` on the monotonic clock.
    began: Instant,
    /// The number of calls that the pass may make in all.
    allowance: u32,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    /// The usage since it was taken last.
    usage: Usage,
    calls: u32,
    /// The calls that steps which are under way may still make.
    reserved: u32,
    skew: Option<SignedDuration>,
}

/// Calls that are kept for one step of a check until it is over.
#[derive(Debug)]
pub struct Reservation<'a> {
    spent: &'a Mutex<Spent>,
    calls: u32,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.reserved = spent.reserved.saturating_sub(self.calls);
    }
}

impl<'a> Session<'a> {
    pub fn new(client: &'a Client, allowance: u32, now: Timestamp) -> Self {
        Self {
            client,
            now,
            began: Instant::now(),
            allowance,
            spent: Mutex::default(),
        }
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call.
    pub fn count<T>(&self, reply: Reply<T>) -> T {
        let mut spent = self.spent();
        if let Some(at_meta) = reply.usage.served_at {
            let passed = SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
            spent.skew = Some(at_meta.duration_since(self.now) - passed);
        }
        spent.calls = spent.calls.saturating_add(reply.usage.calls);
        spent.usage.absorb(reply.usage);
        reply.answer
    }

    /// The number of calls that may still be made.
    pub fn left(&self) -> u32 {
        let spent = self.spent();
        let gone = spent.calls.saturating_add(spent.reserved);
        self.allowance.saturating_sub(gone)
    }

    /// Reserves the calls of one step, because others are under way beside it. `None` if fewer are left. The last call
    /// that is left is enough for a step that is under way alone, so that no step is too long for a small budget.
    pub fn reserve(&self, calls: u32) -> Option<Reservation<'_>> {
        let mut spent = self.spent();
        let gone = spent.calls.saturating_add(spent.reserved);
        let left = self.allowance.saturating_sub(gone);
        if calls > left && (left == 0 || spent.reserved > 0) {
            return None;
        }
        spent.reserved = spent.reserved.saturating_add(calls);
        Some(Reservation {
            spent: &self.spent,
            calls,
        })
    }

    /// The usage since the last call of this function.
    pub fn take_usage(&self) -> Usage {
        std::mem::take(&mut self.spent().usage)
    }

    /// How far Meta's clock was ahead of ours at its last answer.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.spent().skew
    }

    pub async fn inspect(&self, secret: &Secret) -> Result<Inspection, Error> {
        let inspections = self.client.debug(std::slice::from_ref(secret)).await;
        let no_answer = || Err(Error::Unreachable("no answer".into()));
        self.count(inspections)
            .into_iter()
            .next()
            .unwrap_or_else(no_answer)
    }

    /// What Meta says about the secret of a grant, completed by what only the grant says.
    pub async fn inspect_grant(&self, grant: &Grant) -> Result<Inspection, Error> {
        let inspection = self.inspect(&grant.secret).await?;
        Ok(match inspection {
            Inspection::Alive(facts) => Inspection::Alive(grant.describes(facts, self.now)),
            other => other,
        })
    }

    /// The same for a token that was not known before, so that nothing has to be measured by it.
    pub async fn inspect_new(&self, grant: &Grant) -> Result<Inspection, Error> {
        Ok(match self.inspect(&grant.secret).await? {
            Inspection::Alive(facts) => Inspection::Alive(grant.describes_new(facts, self.now)),
            other => other,
        })
    }

    /// Exchanges a short-lived token for a long-lived one of the same person. Keeps the short-lived one if that fails. If
    /// Meta does not describe the long-lived one now, the facts stay those of the short-lived one.
    pub async fn lengthened(&self, secret: Secret, facts: Facts) -> (Secret, Facts) {
        if !facts.is_short_lived(self.now) {
            return (secret, facts);
        }
        let lengthened = self.client.lengthen(facts.kind, &secret).await;
        let Ok(grant) = self.count(lengthened) else {
            return (secret, facts);
        };
        match self.inspect_new(&grant).await {
            Ok(Inspection::Alive(known)) if known.person == facts.person => {
                let known = known.completed_by(&facts.for_another_secret());
                (grant.secret, known)
            }
            Ok(Inspection::Alive(_) | Inspection::Refused { .. }) => (secret, facts),
            // The short-lived one would be exchanged a second time.
            Ok(Inspection::Undecided(_)) | Err(_) => (grant.secret, facts),
        }
    }
}
