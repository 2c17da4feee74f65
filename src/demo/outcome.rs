//! What happens to people, pages and Meta, on days that the seed varies a little.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fixtures::Fixtures;
use super::harness::{Error, Harness, MAIN_APP};
use crate::graph_sim::Outage;

#[derive(Clone, Copy, Debug)]
enum DemoFault {
    PasswordChanged(&'static str),
    OutageBegins,
    OutageEnds,
    RoleLost(&'static str),
    Checkpoint(&'static str),
    Throttled,
}

#[derive(Debug)]
pub(super) struct ScheduledFaults {
    start: Timestamp,
    /// Latest first, so that the next one is at the end.
    faults: Vec<(Timestamp, DemoFault)>,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl ScheduledFaults {
    pub(super) fn draw(_cast: &Fixtures, start: Timestamp, seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut around = |day: i32| {
            start + DAY * day + SignedDuration::from_mins(chance.random_range(0..2 * 24 * 60))
        };
        let outage = around(20);
        let mut faults = vec![
            (around(9), DemoFault::PasswordChanged("Paul")),
            (outage, DemoFault::OutageBegins),
            (outage + DAY, DemoFault::OutageEnds),
            (around(27), DemoFault::RoleLost("Ines")),
            (around(34), DemoFault::Checkpoint("Kenji")),
            (around(41), DemoFault::Throttled),
        ];
        faults.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Self { start, faults }
    }

    pub(super) const fn start(&self) -> Timestamp {
        self.start
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.faults.last().map(|(at, _)| *at)
    }

    /// Applies the faults that are due. Returns a sentence for each.
    pub(super) fn strike(
        &mut self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<Vec<String>, Error> {
        let mut notified = Vec::new();
        while let Some((_, demo_fault)) = self.faults.pop_if(|(at, _)| *at <= harness.now()) {
            notified.push(demo_fault.fall(fixtures, harness)?);
        }
        Ok(notified)
    }
}

impl DemoFault {
    fn fall(self, fixtures: &Fixtures, harness: &Harness) -> Result<String, Error> {
        let mut world = harness.meta.world();
        Ok(match self {
            Self::PasswordChanged(name) => {
                world.change_password(&fixtures.person_named(name)?.id)?;
                format!("{name} changes the Facebook password")
            }
            Self::OutageBegins => {
                world.set_outage(Some(Outage::HtmlError));
                "Meta is down".to_owned()
            }
            Self::OutageEnds => {
                world.set_outage(None);
                "Meta is back".to_owned()
            }
            Self::RoleLost(name) => {
                let person = fixtures.person_named(name)?;
                let (id, page) = person
                    .pages
                    .first()
                    .ok_or(Error::Scenario("no page to lose"))?;
                world.take_role(&person.id, id)?;
                format!("{name} loses the role on the page {page}")
            }
            Self::Checkpoint(name) => {
                world.checkpoint(&fixtures.person_named(name)?.id)?;
                format!("Facebook asks {name} to confirm who they are")
            }
            Self::Throttled => {
                let until = harness.now() + SignedDuration::from_hours(1);
                world.throttle(MAIN_APP.id, until)?;
                "Meta limits the app's calls for an hour".to_owned()
            }
        })
    }
}
