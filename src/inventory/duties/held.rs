//! A duty that this node holds, as a worker carries it through a pass.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::rows::Tenure;
use crate::inventory::{Error, Inventory, Tx};
use crate::model::relied_on_until;

/// The duty on whose behalf a worker acts. Renewed while the worker works; once it is lost, it stays lost, even if the
/// node takes the duty again. While it exists, what the worker has begun may be under way.
#[derive(Clone, Debug)]
pub struct Held(Option<Arc<Renewed>>);

#[derive(Debug)]
pub(super) struct Renewed {
    pub(super) tenure: Tenure,
    /// `None` while nothing may begin, and once it is known to be lost.
    relied_on_until: Mutex<Option<Instant>>,
}

impl Renewed {
    /// A duty that was asked for at `asked_at`.
    pub(super) fn new(tenure: Tenure, asked_at: Instant) -> Arc<Self> {
        Arc::new(Self {
            tenure,
            relied_on_until: Mutex::new(Some(relied_on_until(asked_at))),
        })
    }

    pub(super) fn renew(&self, asked_at: Instant) {
        self.set(Some(relied_on_until(asked_at)));
    }

    /// From now on nothing begins, until it is renewed.
    pub(super) fn suspend(&self) {
        self.set(None);
    }

    fn set(&self, until: Option<Instant>) {
        let known = &self.relied_on_until;
        *known.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    pub(super) fn is_relied_on(&self, now: Instant) -> bool {
        let known = &self.relied_on_until;
        let until = *known.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| now < until)
    }
}

impl Held {
    /// For a node that nothing can take a duty from.
    pub(super) const fn for_good() -> Self {
        Self(None)
    }

    pub(super) const fn renewed(renewed: Arc<Renewed>) -> Self {
        Self(Some(renewed))
    }

    /// Whether the node may act as the holder at `now`, before it asks the inventory.
    pub fn is_relied_on(&self, now: Instant) -> bool {
        let renewed = self.0.as_ref();
        renewed.is_none_or(|renewed| renewed.is_relied_on(now))
    }

    pub(in crate::inventory) fn check(&self, tx: &Tx<'_>) -> Result<(), Error> {
        let renewed = self.0.as_ref();
        renewed.map_or(Ok(()), |renewed| tx.check_duty(&renewed.tenure))
    }
}

impl Inventory {
    /// The same inventory, for writing on behalf of a duty: a write fails with [`Error::DutyLost`] once another node has
    /// taken the duty.
    #[must_use]
    pub fn on_behalf_of(&self, held: &Held) -> Self {
        let held = held.0.is_some().then(|| held.clone());
        Self(Arc::clone(&self.0), held)
    }

    /// Whether to go on with what no write protects, such as a call to Meta or an email. A handle that is for no duty may
    /// always go on.
    pub fn may_act(&self) -> bool {
        let held = self.1.as_ref();
        held.is_none_or(|held| held.is_relied_on(Instant::now()))
    }
}
