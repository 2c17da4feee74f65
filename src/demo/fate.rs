//! What happens to people, pages and Meta, on days that the seed moves a little.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::cast::Cast;
use super::stage::{APP, Error, Stage};
use crate::graph_sim::Outage;

#[derive(Clone, Copy, Debug)]
enum Blow {
    PasswordChanged(&'static str),
    OutageBegins,
    OutageEnds,
    RoleLost(&'static str),
    Checkpoint(&'static str),
    Throttled,
}

#[derive(Debug)]
pub(super) struct Fates {
    start: Timestamp,
    /// Latest first, so that the next one is at the end.
    blows: Vec<(Timestamp, Blow)>,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Fates {
    pub(super) fn draw(_cast: &Cast, start: Timestamp, seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut around = |day: i32| {
            start + DAY * day + SignedDuration::from_mins(chance.random_range(0..2 * 24 * 60))
        };
        let outage = around(20);
        let mut blows = vec![
            (around(9), Blow::PasswordChanged("Paul")),
            (outage, Blow::OutageBegins),
            (outage + DAY, Blow::OutageEnds),
            (around(27), Blow::RoleLost("Ines")),
            (around(34), Blow::Checkpoint("Kenji")),
            (around(41), Blow::Throttled),
        ];
        blows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Self { start, blows }
    }

    pub(super) const fn start(&self) -> Timestamp {
        self.start
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.blows.last().map(|(at, _)| *at)
    }

    /// What has come due happens; told in words.
    pub(super) fn strike(&mut self, cast: &Cast, stage: &Stage) -> Result<Vec<String>, Error> {
        let mut told = Vec::new();
        while let Some((_, blow)) = self.blows.pop_if(|(at, _)| *at <= stage.now()) {
            told.push(blow.fall(cast, stage)?);
        }
        Ok(told)
    }
}

impl Blow {
    fn fall(self, cast: &Cast, stage: &Stage) -> Result<String, Error> {
        let mut world = stage.meta.world();
        Ok(match self {
            Self::PasswordChanged(name) => {
                world.change_password(&cast.person_named(name)?.id)?;
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
                let person = cast.person_named(name)?;
                let (id, page) = person.pages.first().ok_or(Error::Play("no page to lose"))?;
                world.take_role(&person.id, id)?;
                format!("{name} loses the role on the page {page}")
            }
            Self::Checkpoint(name) => {
                world.checkpoint(&cast.person_named(name)?.id)?;
                format!("Facebook asks {name} to confirm who they are")
            }
            Self::Throttled => {
                let until = stage.now() + SignedDuration::from_hours(1);
                world.throttle(APP, until)?;
                "Meta limits the app's calls for an hour".to_owned()
            }
        })
    }
}
