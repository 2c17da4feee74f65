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
    skew: Option<SignedDuration>,
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

    pub fn may_call(&self) -> bool {
        self.spent().calls < self.allowance
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
        match self.inspect_grant(&grant).await {
            Ok(Inspection::Alive(known)) if known.person == facts.person => {
                let known = known.completed_by(&facts);
                (grant.secret, known)
            }
            Ok(Inspection::Alive(_) | Inspection::Refused { .. }) => (secret, facts),
            // The short-lived one would be exchanged a second time.
            Ok(Inspection::Undecided(_)) | Err(_) => (grant.secret, facts),
        }
    }
}
