//! Renewing and taking: what a single transaction does with the duties of a node.

use super::rows::Tenure;
use crate::inventory::{Error, Tx};
use crate::model::{Duty, Node};

/// What one transaction did.
pub(super) struct DutyRenewal {
    pub(super) renewed: Vec<Duty>,
    pub(super) lost: Vec<Duty>,
    pub(super) taken: Vec<Tenure>,
}

impl Tx<'_> {
    /// With few statements, however many duties there are: other nodes wait for this transaction.
    pub(super) fn renew_and_take(
        &self,
        node: &Node,
        held: &[Tenure],
        wanted: &[Duty],
        now: i64,
    ) -> Result<DutyRenewal, Error> {
        let mut renewal = DutyRenewal {
            renewed: Vec::new(),
            lost: Vec::new(),
            taken: Vec::new(),
        };
        for tenure in held.iter().filter(|held| !wanted.contains(&held.duty)) {
            self.give_up_duty(tenure)?;
            renewal.lost.push(tenure.duty.clone());
        }
        let is_wanted = |tenure: &&Tenure| wanted.contains(&tenure.duty);
        let kept: Vec<&Tenure> = held.iter().filter(is_wanted).collect();
        if !kept.is_empty() {
            let renewed = self.renew_duties(node, &kept, now)?;
            let is_renewed = |duty: &Duty| renewed.contains(&duty.to_string());
            let kept = kept.iter().map(|tenure| tenure.duty.clone());
            let (renewed, lost): (Vec<_>, Vec<_>) = kept.partition(is_renewed);
            renewal.renewed = renewed;
            renewal.lost.extend(lost);
        }
        let is_missing = |duty: &&Duty| !held.iter().any(|held| held.duty == **duty);
        let missing: Vec<Duty> = wanted.iter().filter(is_missing).cloned().collect();
        if missing.is_empty() {
            return Ok(renewal);
        }
        // What others hold is not even locked.
        let free = self.free_duties(&missing, node, now)?;
        if !free.is_empty() {
            renewal.taken = self.take_duties(&free, node, now)?;
        }
        Ok(renewal)
    }
}
