//! What happens in the year, drawn by chance before it begins.

use jiff::SignedDuration;
use perennial::graph_sim::Outage;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::town::{APPS, NEEDED, Town};
use super::{Moment, Result};

#[derive(Clone, Copy, Debug)]
pub(super) enum Blow {
    Password(usize),
    AppRemoved(usize),
    Permission(usize),
    RoleLost(usize, usize),
    Checkpoint(usize),
    /// Without anybody's doing, as when Facebook cannot make up its mind.
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

pub(super) struct Fates(Vec<(Moment, Blow)>);

impl Fates {
    pub(super) fn draw(town: &Town, days: i64, seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed ^ 0x9e37_79b9);
        let humans: Vec<usize> = (0..town.people.len())
            .filter(|place| !town.people[*place].is_robot)
            .collect();
        let mut blows = Vec::new();
        let hours = |n: i64| SignedDuration::from_hours(n);
        let mut when = {
            let start = town.now;
            let mut chance = StdRng::seed_from_u64(seed);
            move || start + SignedDuration::from_mins(chance.random_range(0..days * 1_440))
        };
        for _ in 0..humans.len().max(8) * 2 {
            let who = humans[chance.random_range(0..humans.len())];
            let pages = town.people[who].pages.len();
            let blow = match chance.random_range(0..10) {
                0..4 => Blow::Password(who),
                4 => Blow::AppRemoved(who),
                5 => Blow::Permission(who),
                6..8 if pages > 0 => Blow::RoleLost(who, chance.random_range(0..pages)),
                _ => Blow::Checkpoint(who),
            };
            blows.push((when(), blow));
        }
        for _ in 0..5 {
            let begins = when();
            let lasts = hours(chance.random_range(1..40));
            blows.push((begins, Blow::OutageBegins));
            blows.push((begins + lasts, Blow::OutageEnds));
            blows.push((when(), Blow::Throttled));
            blows.push((when(), Blow::Restart));
            blows.push((when(), Blow::Restart));
        }
        let at = |day: i64| town.now + hours(24 * day);
        for (day, blow) in [
            (61, Blow::MailBreaks),
            (66, Blow::MailMended),
            (203, Blow::SecretReset),
            (204, Blow::SecretLearned),
        ] {
            blows.push((at(day), blow));
        }
        // Again and again, for three days.
        let who = humans[0];
        for turn in 0..9 {
            blows.push((at(120) + hours(turn * 26), Blow::Checkpoint(who)));
            blows.push((at(120) + hours(turn * 26 + 25), Blow::CheckpointLifted(who)));
        }
        blows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Self(blows)
    }

    /// What has come due, oldest first.
    pub(super) fn strike(&mut self, now: Moment) -> Vec<Blow> {
        let mut due = Vec::new();
        while let Some((_, blow)) = self.0.pop_if(|(at, _)| *at <= now) {
            due.push(blow);
        }
        due
    }
}

impl Blow {
    pub(super) async fn fall(self, town: &mut Town) -> Result {
        let app_of = |who: usize| APPS[town.people[who].app].1;
        let id = |who: usize| town.people[who].id.as_str();
        match self {
            Self::Password(who) => town.meta.world().change_password(id(who))?,
            Self::AppRemoved(who) => town.meta.world().remove_app(id(who), app_of(who))?,
            // Whoever removed the app has no permission left to lose.
            Self::Permission(who) => town
                .meta
                .world()
                .remove_permission(id(who), app_of(who), NEEDED)
                .unwrap_or_default(),
            Self::RoleLost(who, page) => {
                let page = &town.people[who].pages[page];
                town.meta.world().take_role(id(who), page)?;
            }
            Self::Checkpoint(who) => town.meta.world().checkpoint(id(who))?,
            Self::CheckpointLifted(who) => town.meta.world().clear_checkpoint(id(who))?,
            Self::OutageBegins => town.meta.world().set_outage(Some(Outage::HtmlError)),
            Self::OutageEnds => town.meta.world().set_outage(None),
            Self::Throttled => {
                let until = town.now + SignedDuration::from_hours(1);
                town.meta.world().throttle(APPS[0].1, until)?;
            }
            Self::SecretReset => town.meta.world().reset_app_secret(APPS[0].1, "second")?,
            Self::SecretLearned => town.learn_secret(0, "second").await?,
            Self::MailBreaks => town.break_mail()?,
            Self::MailMended => town.mend_mail()?,
            Self::Restart => town.restart().await?,
        }
        Ok(())
    }
}
