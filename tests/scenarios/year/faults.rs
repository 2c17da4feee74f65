//! The events of the year, drawn at random before it begins: what goes wrong at Meta, on this machine, and with people,
//! consumers and operators.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use perennial::graph_sim::{Endpoint, Fault as Answer, FaultRule, Outage};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fleet::{APPS, Fleet, NEEDED};
use super::{Moment, Options, Result};

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Password(usize),
    AppRemoved(usize),
    Permission(usize),
    RoleLost(usize, usize),
    Unpublished(usize, usize),
    Published(usize, usize),
    Checkpoint(usize),
    /// Without any action of the person, as Facebook sometimes does.
    CheckpointLifted(usize),
    Unconfirmed(usize),
    OutageBegins(Outage),
    OutageEnds,
    /// For some hours, a third of the answers of one kind is wrong.
    OddAnswers(Odd, i64),
    Throttled,
    SecretReset,
    SecretLearned,
    MailBreaks,
    MailMended,
    /// The folder of the delivered tokens is gone, and a file is in its place.
    ConsumerBreaks,
    ConsumerMended,
    DiskFills,
    DiskFreed,
    /// The clock of the daemon's machine is off by some hours.
    ClockJumps(i64),
    ClockCorrected,
    Restart,
    Forgotten(usize),
    /// A person asks Meta to have the data deleted.
    Deleted(usize),
    Renamed(usize),
    Joins,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Odd {
    Html,
    Unavailable,
    Reset,
    LostAnswer,
    Empty,
    Truncated,
    WrongTypes,
    WithoutClocks,
    WithoutScopes,
    NullMember,
}

const ODD: [Odd; 10] = [
    Odd::Html,
    Odd::Unavailable,
    Odd::Reset,
    Odd::LostAnswer,
    Odd::Empty,
    Odd::Truncated,
    Odd::WrongTypes,
    Odd::WithoutClocks,
    Odd::WithoutScopes,
    Odd::NullMember,
];

/// Those that are left, the earliest at the end.
pub(super) struct ScheduledFaults(Vec<(Moment, Fault)>);

/// The app secret that replaces the first one.
const SECOND_SECRET: &str = "9a8b7c6d5e4f30211203f4e5d6c7b8a9";

/// Draws a year's faults.
struct Draw<'a> {
    fleet: &'a Fleet,
    start: Moment,
    days: i64,
    chance: StdRng,
    faults: Vec<(Moment, Fault)>,
}

const fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

impl Draw<'_> {
    fn when(&mut self) -> Moment {
        self.start + SignedDuration::from_mins(self.chance.random_range(0..self.days * 1_440))
    }

    /// Something that ends by itself, or because somebody mends it.
    fn span(&mut self, begins: Fault, ends: Fault, lasts: std::ops::Range<i64>) {
        let at = self.when();
        let lasts = hours(self.chance.random_range(lasts));
        self.faults.extend([(at, begins), (at + lasts, ends)]);
    }

    fn person(&mut self, humans: &[usize]) -> usize {
        humans[self.chance.random_range(0..humans.len())]
    }

    /// Of the person, if there is one.
    fn page(&mut self, who: usize) -> Option<usize> {
        let pages = self.fleet.people[who].pages.len();
        (pages > 0).then(|| self.chance.random_range(0..pages))
    }

    fn people(&mut self, humans: &[usize]) {
        for _ in 0..humans.len().max(8) * 2 {
            let who = self.person(humans);
            let fault = match (self.chance.random_range(0..12), self.page(who)) {
                (0..4, _) => Fault::Password(who),
                (4, _) => Fault::AppRemoved(who),
                (5, _) => Fault::Permission(who),
                (6..8, Some(page)) => Fault::RoleLost(who, page),
                (8, Some(page)) => {
                    let gone = Fault::Unpublished(who, page);
                    self.span(gone, Fault::Published(who, page), 24..400);
                    continue;
                }
                (9, _) => Fault::Unconfirmed(who),
                _ => Fault::Checkpoint(who),
            };
            let at = self.when();
            self.faults.push((at, fault));
        }
        // Again and again, for three days.
        let (who, day) = (humans[0], self.start + hours(24 * 120));
        for turn in 0..9 {
            let begins = day + hours(turn * 26);
            self.faults.push((begins, Fault::Checkpoint(who)));
            let ends = begins + hours(25);
            self.faults.push((ends, Fault::CheckpointLifted(who)));
        }
    }

    fn meta(&mut self) {
        let outages = [Outage::HtmlError, Outage::Unavailable, Outage::Reset];
        for turn in 0..5 {
            let outage = outages[turn % outages.len()];
            self.span(Fault::OutageBegins(outage), Fault::OutageEnds, 1..40);
            let (odd, lasts) = (
                ODD[self.chance.random_range(0..ODD.len())],
                self.chance.random_range(1..30),
            );
            for fault in [Fault::OddAnswers(odd, lasts), Fault::Throttled] {
                let at = self.when();
                self.faults.push((at, fault));
            }
        }
        self.span(Fault::SecretReset, Fault::SecretLearned, 2..60);
    }

    fn machine(&mut self, disk: bool) {
        for _ in 0..10 {
            let at = self.when();
            self.faults.push((at, Fault::Restart));
        }
        self.span(Fault::MailBreaks, Fault::MailMended, 24..140);
        self.span(Fault::ConsumerBreaks, Fault::ConsumerMended, 24..240);
        for _ in 0..3 {
            let jump = self.chance.random_range(1..9);
            let jump = if self.chance.random_bool(0.5) {
                jump
            } else {
                -jump
            };
            self.span(Fault::ClockJumps(jump), Fault::ClockCorrected, 1..30);
        }
        for _ in 0..if disk { 3 } else { 0 } {
            self.span(Fault::DiskFills, Fault::DiskFreed, 1..40);
        }
    }

    fn operators(&mut self, humans: &[usize]) {
        for _ in 0..3 {
            let which = self.chance.random_range(0..1_000);
            for fault in [
                Fault::Forgotten(which),
                Fault::Renamed(which / 2),
                Fault::Joins,
            ] {
                let at = self.when();
                self.faults.push((at, fault));
            }
        }
        if humans.len() > 2 && self.chance.random_bool(0.5) {
            let (who, at) = (self.person(humans), self.when());
            self.faults.push((at, Fault::Deleted(who)));
        }
    }
}

impl ScheduledFaults {
    pub(super) fn draw(fleet: &Fleet, options: &Options) -> Self {
        let humans: Vec<usize> = (0..fleet.people.len())
            .filter(|place| !fleet.people[*place].is_robot)
            .collect();
        let mut draw = Draw {
            fleet,
            start: fleet.now,
            days: options.days,
            chance: StdRng::seed_from_u64(options.seed ^ 0x9e37_79b9),
            faults: Vec::new(),
        };
        draw.people(&humans);
        draw.meta();
        draw.machine(options.alone);
        draw.operators(&humans);
        let mut faults = draw.faults;
        faults.sort_by_key(|(at, _)| *at);
        faults.retain(|(_, fault)| !options.without.contains(&fault.kind()));
        faults.reverse();
        Self(faults)
    }

    /// Of those that are left.
    pub(super) fn kinds(&self) -> BTreeSet<String> {
        self.0.iter().map(|(_, fault)| fault.kind()).collect()
    }

    /// When the next one happens.
    pub(super) fn next(&self) -> Option<Moment> {
        self.0.last().map(|(at, _)| *at)
    }

    /// Removes and returns the faults that are due, oldest first.
    pub(super) fn strike(&mut self, now: Moment) -> Vec<Fault> {
        let mut due = Vec::new();
        while let Some((_, fault)) = self.0.pop_if(|(at, _)| *at <= now) {
            due.push(fault);
        }
        due
    }
}

impl Odd {
    const fn answer(self) -> Answer {
        match self {
            Self::Html => Answer::HtmlError,
            Self::Unavailable => Answer::Unavailable,
            Self::Reset => Answer::Reset,
            Self::LostAnswer => Answer::LostAnswer,
            Self::Empty => Answer::EmptyBody,
            Self::Truncated => Answer::Truncated,
            Self::WrongTypes => Answer::WrongTypes,
            Self::WithoutClocks => Answer::WithoutClocks,
            Self::WithoutScopes => Answer::WithoutScopes,
            Self::NullMember => Answer::NullMember,
        }
    }

    const fn rule(self, from: Moment, until: Moment) -> FaultRule {
        let rule = FaultRule::new(self.answer()).between(from, until).share(33);
        match self {
            Self::WrongTypes | Self::WithoutClocks | Self::WithoutScopes | Self::NullMember => {
                rule.on(Endpoint::DebugToken)
            }
            Self::LostAnswer => rule.on(Endpoint::Exchange),
            _ => rule,
        }
    }
}

impl Fault {
    /// What begins and what ends it are of one kind, since one is nothing without the other.
    pub(super) fn kind(self) -> String {
        let named = match self {
            Self::Published(..) => Self::Unpublished(0, 0),
            Self::CheckpointLifted(who) => Self::Checkpoint(who),
            Self::OutageEnds => Self::OutageBegins(Outage::Reset),
            Self::SecretLearned => Self::SecretReset,
            Self::MailMended => Self::MailBreaks,
            Self::ConsumerMended => Self::ConsumerBreaks,
            Self::DiskFreed => Self::DiskFills,
            Self::ClockCorrected => Self::ClockJumps(0),
            other => other,
        };
        let words = format!("{named:?}");
        words.split('(').next().unwrap_or_default().to_owned()
    }

    pub(super) async fn fall(self, fleet: &mut Fleet) -> Result {
        self.trouble(fleet);
        let app_of = |who: usize| APPS[fleet.people[who].app].1;
        let id = |who: usize| fleet.people[who].id.as_str();
        let page = |who: usize, page: usize| fleet.people[who].pages[page].as_str();
        let mut world = fleet.meta.world();
        match self {
            Self::Password(who) => world.change_password(id(who))?,
            Self::AppRemoved(who) => world.remove_app(id(who), app_of(who))?,
            // A person who removed the app has no permission left to lose.
            Self::Permission(who) => world
                .remove_permission(id(who), app_of(who), NEEDED)
                .unwrap_or_default(),
            Self::RoleLost(who, which) => world.take_role(id(who), page(who, which))?,
            Self::Unpublished(who, which) => world.unpublish_page(page(who, which))?,
            Self::Published(who, which) => world.publish_page(page(who, which))?,
            Self::Checkpoint(who) => world.checkpoint(id(who))?,
            Self::CheckpointLifted(who) => world.clear_checkpoint(id(who))?,
            Self::Unconfirmed(who) => world.unconfirm(id(who))?,
            Self::OutageBegins(outage) => world.set_outage(Some(outage)),
            Self::OutageEnds => world.set_outage(None),
            Self::OddAnswers(odd, lasts) => {
                world.inject(odd.rule(fleet.now, fleet.now + hours(lasts)));
            }
            Self::Throttled => world.throttle(APPS[0].1, fleet.now + hours(1))?,
            Self::SecretReset => world.reset_app_secret(APPS[0].1, SECOND_SECRET)?,
            _ => {
                drop(world);
                return self.fall_here(fleet).await;
            }
        }
        Ok(())
    }

    /// Which of it excuses that the daemon is late.
    fn trouble(self, fleet: &mut Fleet) {
        let (trouble, now) = (&mut fleet.trouble, fleet.now);
        match self {
            Self::OutageBegins(_) => trouble.outage = true,
            Self::OutageEnds => trouble.outage = false,
            Self::OddAnswers(_, lasts) => trouble.lasts_until(now + hours(lasts)),
            Self::Throttled => trouble.lasts_until(now + hours(1)),
            Self::SecretReset => trouble.secret = true,
            Self::SecretLearned => trouble.secret = false,
            _ => {}
        }
    }

    /// What happens on the daemon's side.
    async fn fall_here(self, fleet: &mut Fleet) -> Result {
        match self {
            Self::SecretLearned => fleet.learn_secret(0, SECOND_SECRET).await,
            Self::MailBreaks => fleet.mail.break_it(),
            Self::MailMended => fleet.mail.mend(),
            Self::ConsumerBreaks => fleet.consumer.break_it(),
            Self::ConsumerMended => fleet.consumer.mend(),
            Self::DiskFills => fleet.fill_disk(true),
            Self::DiskFreed => fleet.fill_disk(false),
            Self::ClockJumps(hours_off) => {
                fleet.skew = hours(hours_off);
                Ok(())
            }
            Self::ClockCorrected => {
                fleet.skew = SignedDuration::ZERO;
                Ok(())
            }
            Self::Restart => fleet.restart().await,
            Self::Forgotten(which) => fleet.forget(which).await,
            Self::Deleted(who) => fleet.delete_person(who).await,
            Self::Renamed(which) => fleet.rename(which).await,
            Self::Joins => fleet.join().await,
            _ => Ok(()),
        }
    }
}
