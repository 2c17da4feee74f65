//! The faults and the outage that the world has now, and which of them strike a call.

use super::World;
use crate::graph_sim::faults::{Fault, FaultRule, Outage, Target};

impl World {
    pub fn inject(&mut self, rule: FaultRule) {
        self.faults.push(rule);
    }

    /// Ends all faults and the outage.
    pub fn heal(&mut self) {
        self.faults.clear();
        self.outage = None;
    }

    pub const fn set_outage(&mut self, outage: Option<Outage>) {
        self.outage = outage;
    }

    pub fn faults(&self) -> &[FaultRule] {
        &self.faults
    }

    /// Returns the faults that apply to this target now, and counts down those with a limited number.
    pub(crate) fn strike(&mut self, target: Target) -> Vec<Fault> {
        let mut struck = Vec::new();
        if let (Some(outage), Target::Call(_) | Target::Batch) = (self.outage, target) {
            struck.push(outage.into());
        }
        for index in 0..self.faults.len() {
            let rule = &self.faults[index];
            let hit = rule.is_due(self.now()) && target.is_hit_by(rule);
            if hit && self.is_drawn(index) {
                struck.push(self.use_up(index));
            }
        }
        struck
    }

    fn is_drawn(&mut self, index: usize) -> bool {
        match self.faults[index].share {
            Some(percent) => self.draw_percent() < percent,
            None => true,
        }
    }

    fn use_up(&mut self, index: usize) -> Fault {
        let rule = &mut self.faults[index];
        rule.times = rule.times.map(|times| times.saturating_sub(1));
        rule.fault.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_sim::Endpoint;

    fn world() -> World {
        World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1)
    }

    #[test]
    fn a_rule_strikes_its_endpoint_its_hours_and_no_more_often_than_it_says() {
        let mut world = world();
        let (start, noon, evening) = (
            world.now(),
            "2026-01-01T12:00:00Z".parse().unwrap(),
            "2026-01-01T18:00:00Z".parse().unwrap(),
        );
        let rule = FaultRule::new(Fault::EmptyBody).on(Endpoint::Exchange);
        world.inject(rule.between(noon, evening).times(2));
        let exchange = Target::Call(Endpoint::Exchange);
        for (now, target, strikes) in [
            (start, exchange, 0),
            (noon, Target::Call(Endpoint::Me), 0),
            (noon, Target::Batch, 0),
            (noon, exchange, 1),
            (evening, exchange, 0),
            (noon, Target::Member(Endpoint::Exchange), 1),
            (noon, exchange, 0),
        ] {
            world.set_now(now);
            assert_eq!(world.strike(target).len(), strikes, "{now} {target:?}");
        }
    }

    #[test]
    fn an_outage_strikes_requests_and_heals() {
        let mut world = world();
        world.set_outage(Some(Outage::Unavailable));
        assert_eq!(world.strike(Target::Batch), [Fault::Unavailable]);
        assert_eq!(world.strike(Target::Member(Endpoint::Me)), []);
        world.heal();
        assert_eq!(world.strike(Target::Batch), []);
    }

    #[test]
    fn a_share_strikes_some_calls() {
        let mut world = world();
        world.inject(FaultRule::new(Fault::NullMember).share(30));
        let member = Target::Member(Endpoint::DebugToken);
        let struck = (0..1_000)
            .filter(|_| !world.strike(member).is_empty())
            .count();
        assert!((200..400).contains(&struck), "{struck}");
    }
}
