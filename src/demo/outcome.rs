//! Makes the drawn faults happen to people, pages and Meta.

use jiff::{SignedDuration, Timestamp};

use super::apps::MAIN_APP;
use super::draw::{DemoFault, Draw};
use super::error::Error;
use super::fixtures::{Fixtures, Person};
use super::harness::Harness;
use super::narration::LineTone;

/// What a person takes from the app.
pub(super) const REMOVED_PERMISSION: &str = "pages_messaging";

#[derive(Debug)]
pub(super) struct ScheduledFaults {
    start: Timestamp,
    /// Latest first.
    faults: Vec<(Timestamp, DemoFault)>,
}

impl ScheduledFaults {
    pub(super) fn new(draw: &Draw, start: Timestamp) -> Self {
        Self {
            start,
            faults: draw.faults.clone(),
        }
    }

    pub(super) const fn start(&self) -> Timestamp {
        self.start
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.faults.last().map(|(at, _)| *at)
    }

    /// Applies the faults that are due. Returns a sentence for each, and whether it is good news.
    pub(super) fn strike(
        &mut self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<Vec<(LineTone, String)>, Error> {
        let mut notified = Vec::new();
        while let Some((_, demo_fault)) = self.faults.pop_if(|(at, _)| *at <= harness.now()) {
            let tone = match demo_fault {
                DemoFault::OutageEnds => LineTone::Good,
                _ => LineTone::Bad,
            };
            notified.push((tone, demo_fault.fall(fixtures, harness)?));
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
            Self::AppRemoved(name) => {
                world.remove_app(&fixtures.person_named(name)?.id, MAIN_APP.id)?;
                format!("{name} removes the app in Facebook's settings")
            }
            Self::PermissionRemoved(name) => {
                let person = &fixtures.person_named(name)?.id;
                world.remove_permission(person, MAIN_APP.id, REMOVED_PERMISSION)?;
                format!("{name} takes the permission {REMOVED_PERMISSION} from the app")
            }
            Self::RoleLost(name) => {
                let person = fixtures.person_named(name)?;
                let (id, page) = first_page(person)?;
                world.take_role(&person.id, id)?;
                format!("{name} loses the role on the page {page}")
            }
            Self::Checkpoint(name) => {
                world.checkpoint(&fixtures.person_named(name)?.id)?;
                format!("Facebook asks {name} to confirm who they are")
            }
            Self::OutageBegins(outage) => {
                world.set_outage(Some(outage));
                "Meta is down".to_owned()
            }
            Self::OutageEnds => {
                world.set_outage(None);
                "Meta is back".to_owned()
            }
            Self::Throttled(app, hours) => {
                let until = harness.now() + SignedDuration::from_hours(hours);
                world.throttle(app.id, until)?;
                let span = match hours {
                    1 => "an hour".to_owned(),
                    hours => format!("{hours} hours"),
                };
                format!("Meta limits the calls of the app {} for {span}", app.name)
            }
        })
    }
}

fn first_page(person: &Person) -> Result<&(String, &'static str), Error> {
    let page = person.pages.first();
    page.ok_or(Error::Scenario("no page to lose"))
}
