//! A year of a fleet: the real sweeps, emails and mailer against the simulated Meta, with every kind of fault, compared
//! with the truth at every step. `fleet` is the people and tokens, `faults` what happens, `invariants` the rules that
//! must hold of what people are told, `ledger` those of the inventory itself, `foresight` what was forecast, `people`
//! what people do, `place` and `disk` what breaks on the machine.

mod disk;
mod faults;
mod fleet;
mod foresight;
mod invariants;
mod ledger;
mod people;
mod place;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use faults::ScheduledFaults;
use fleet::Fleet;
use invariants::Invariants;
use ledger::Breaches;

pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Clone, Debug)]
pub struct Options {
    pub tokens: usize,
    pub days: i64,
    pub seed: u64,
    /// How far the clock moves at a time.
    pub step: SignedDuration,
    pub sabotage: Sabotage,
    /// Nothing else runs in this process, so that its disk may be full.
    pub alone: bool,
    /// The numbers of faults that do not happen, to find those that matter.
    pub without: Vec<usize>,
}

/// What is broken on purpose from the tenth day on, to show that the test notices it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    Nothing,
    /// No emails are written.
    Silence,
    /// No sweeps run.
    Neglect,
    /// Healthy tokens are marked as dead.
    FalseAlarm,
}

/// The results of a year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub tokens: usize,
    pub checks: u64,
    pub faults: usize,
    pub restarts: usize,
    pub deaths: usize,
    pub ends: usize,
    pub incidents: usize,
    pub flapping: usize,
    pub emails: usize,
    pub to_operators: usize,
    pub summaries: usize,
    /// Deaths that were not notified within a check interval, and expiries that were not notified in advance.
    pub missed: usize,
    pub missed_ends: usize,
    /// Emails that named a token that was fine, or said that one was fine that was not.
    pub false_alarms: usize,
    pub false_resolutions: usize,
    /// Page admins who got an email although only the operator could act.
    pub bothered: usize,
    /// Open incidents with the same cause and person.
    pub doubled: usize,
    /// Ends of a clock that a forecast of a fortnight before named, and those that it did not.
    pub foreseen: usize,
    pub unforeseen: usize,
    /// Emails that were still queued at the end.
    pub unsent: u64,
    pub breaches: Breaches,
    /// How many faults were drawn, and the digest of all events.
    pub drawn: usize,
    pub log: String,
    /// The first rule that was broken, in words.
    pub first: Option<String>,
}

impl Counts {
    pub const fn is_good(&self) -> bool {
        self.missed == 0
            && self.missed_ends == 0
            && self.false_alarms == 0
            && self.false_resolutions == 0
            && self.bothered == 0
            && self.doubled == 0
            && self.unforeseen == 0
            && self.unsent == 0
            && self.breaches.sum() == 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} tokens, {} answers of Meta's, {} faults, {} restarts",
            self.tokens, self.checks, self.faults, self.restarts
        )?;
        writeln!(
            f,
            "{} deaths, {} of them by an end that was known; {} incidents, {} that came again and again",
            self.deaths, self.ends, self.incidents, self.flapping
        )?;
        writeln!(
            f,
            "{} emails: {} to people, {} to operators alone, {} of these summaries",
            self.emails,
            self.emails - self.to_operators,
            self.to_operators,
            self.summaries
        )?;
        write!(
            f,
            "deaths not told of in time {}, ends not told of before {}, emails about what was fine {}, farewells too \
             early {}, people bothered in vain {}, doubled incidents {}, emails unsent {}, ends foreseen {} and not {}; \
             {:?}",
            self.missed,
            self.missed_ends,
            self.false_alarms,
            self.false_resolutions,
            self.bothered,
            self.doubled,
            self.unsent,
            self.foreseen,
            self.unforeseen,
            self.breaches
        )
    }
}

pub async fn live(options: Options) -> Result<Counts> {
    let mut fleet = Fleet::settle(options.tokens, options.seed).await?;
    let start = fleet.now;
    let mut scheduled = ScheduledFaults::draw(&fleet, &options);
    let drawn = scheduled.len();
    let mut invariants = Invariants::open(&fleet, options.step).await?;
    let mut pruned = start;
    let end = start + SignedDuration::from_hours(24 * options.days);
    while fleet.now < end {
        fleet.move_to(fleet.now + options.step);
        for fault in scheduled.strike(fleet.now) {
            invariants.count_fault();
            fault.fall(&mut fleet).await?;
        }
        fleet.act().await?;
        invariants.look(&fleet).await?;
        let broken = fleet.now > start + SignedDuration::from_hours(240);
        let sabotage = Some(options.sabotage).filter(|_| broken);
        if sabotage != Some(Sabotage::Neglect) {
            fleet.sweep().await?;
        }
        if sabotage == Some(Sabotage::FalseAlarm) {
            fleet.slander()?;
        }
        if sabotage != Some(Sabotage::Silence) {
            fleet.write().await?;
            let emails = invariants.read(&fleet).await?;
            fleet.receive(&emails);
            fleet.send().await?;
        }
        fleet.deliver().await?;
        if fleet.now.duration_since(pruned).as_hours() >= 24 {
            pruned = fleet.now;
            fleet.prune().await?;
        }
        invariants.foresee(&fleet).await?;
        invariants.account(&fleet, start, end).await?;
    }
    let counts = invariants.close(&fleet).await?;
    Ok(Counts { drawn, ..counts })
}

/// A time of the simulation.
type Moment = Timestamp;

#[cfg(test)]
mod tests;
