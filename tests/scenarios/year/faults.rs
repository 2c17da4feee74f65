//! The events of the year, drawn at random before it begins.

use jiff::SignedDuration;
use perennial::graph_sim::Outage;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fleet::{APPS, Fleet, NEEDED};
use super::{Moment, Result};

#[derive(Clone, Copy, Debug)]
pub(super) enum DemoFault {
    Password(usize),
    AppRemoved(usize),
    Permission(usize),
    RoleLost(usize, usize),
    Checkpoint(usize),
    /// Without any action of the person, as Facebook sometimes does.
    CheckpointLifted(usize),
    OutageBegins,
    OutageEnds,
    Throttled,
    SecretReset,
    SecretLearned,
    MailBreaks,
    MailMended,
    Restart,
}

pub(super) struct ScheduledFaults(Vec<(Moment, DemoFault)>);

impl ScheduledFaults {
    pub(super) fn draw(fleet: &Fleet, days: i64, seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed ^ 0x9e37_79b9);
        let humans: Vec<usize> = (0..fleet.people.len())
            .filter(|place| !fleet.people[*place].is_robot)
            .collect();
        let mut faults = Vec::new();
        let hours = |n: i64| SignedDuration::from_hours(n);
        let mut when = {
            let start = fleet.now;
            let mut chance = StdRng::seed_from_u64(seed);
            move || start + SignedDuration::from_mins(chance.random_range(0..days * 1_440))
        };
        for _ in 0..humans.len().max(8) * 2 {
            let who = humans[chance.random_range(0..humans.len())];
            let pages = fleet.people[who].pages.len();
            let blow = match chance.random_range(0..10) {
                0..4 => DemoFault::Password(who),
                4 => DemoFault::AppRemoved(who),
                5 => DemoFault::Permission(who),
                6..8 if pages > 0 => DemoFault::RoleLost(who, chance.random_range(0..pages)),
                _ => DemoFault::Checkpoint(who),
            };
            faults.push((when(), blow));
        }
        for _ in 0..5 {
            let begins = when();
            let lasts = hours(chance.random_range(1..40));
            faults.push((begins, DemoFault::OutageBegins));
            faults.push((begins + lasts, DemoFault::OutageEnds));
            faults.push((when(), DemoFault::Throttled));
            faults.push((when(), DemoFault::Restart));
            faults.push((when(), DemoFault::Restart));
        }
        let at = |day: i64| fleet.now + hours(24 * day);
        for (day, blow) in [
            (61, DemoFault::MailBreaks),
            (66, DemoFault::MailMended),
            (203, DemoFault::SecretReset),
            (204, DemoFault::SecretLearned),
        ] {
            faults.push((at(day), blow));
        }
        // Again and again, for three days.
        let who = humans[0];
        for turn in 0..9 {
            faults.push((at(120) + hours(turn * 26), DemoFault::Checkpoint(who)));
            faults.push((
                at(120) + hours(turn * 26 + 25),
                DemoFault::CheckpointLifted(who),
            ));
        }
        faults.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Self(faults)
    }

    /// Removes and returns the faults that are due, oldest first.
    pub(super) fn strike(&mut self, now: Moment) -> Vec<DemoFault> {
        let mut due = Vec::new();
        while let Some((_, blow)) = self.0.pop_if(|(at, _)| *at <= now) {
            due.push(blow);
        }
        due
    }
}

impl DemoFault {
    pub(super) async fn fall(self, fleet: &mut Fleet) -> Result {
        let app_of = |who: usize| APPS[fleet.people[who].app].1;
        let id = |who: usize| fleet.people[who].id.as_str();
        match self {
            Self::Password(who) => fleet.meta.world().change_password(id(who))?,
            Self::AppRemoved(who) => fleet.meta.world().remove_app(id(who), app_of(who))?,
            // A person who removed the app has no permission left to lose.
            Self::Permission(who) => fleet
                .meta
                .world()
                .remove_permission(id(who), app_of(who), NEEDED)
                .unwrap_or_default(),
            Self::RoleLost(who, page) => {
                let page = &fleet.people[who].pages[page];
                fleet.meta.world().take_role(id(who), page)?;
            }
            Self::Checkpoint(who) => fleet.meta.world().checkpoint(id(who))?,
            Self::CheckpointLifted(who) => fleet.meta.world().clear_checkpoint(id(who))?,
            Self::OutageBegins => fleet.meta.world().set_outage(Some(Outage::HtmlError)),
            Self::OutageEnds => fleet.meta.world().set_outage(None),
            Self::Throttled => {
                let until = fleet.now + SignedDuration::from_hours(1);
                fleet.meta.world().throttle(APPS[0].1, until)?;
            }
            Self::SecretReset => fleet.meta.world().reset_app_secret(APPS[0].1, "second")?,
            Self::SecretLearned => fleet.learn_secret(0, "second").await?,
            Self::MailBreaks => fleet.break_mail()?,
            Self::MailMended => fleet.mend_mail()?,
            Self::Restart => fleet.restart().await?,
        }
        Ok(())
    }
}
