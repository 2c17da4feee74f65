//! A year of a fleet: the real sweeps, letters and mailer against the simulated Meta, with every trouble there is, held
//! against the truth at every step. `town` is who and what there is, `fates` what happens, `ledger` what is held against it.

mod fates;
mod ledger;
mod town;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use fates::Fates;
use ledger::Ledger;
use town::Town;

pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub tokens: usize,
    pub days: i64,
    pub seed: u64,
    /// How far the clock moves at a time.
    pub step: SignedDuration,
    pub sabotage: Sabotage,
}

/// What is broken on purpose from the tenth day on, to show that it would be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    Nothing,
    /// Nobody writes letters.
    Silence,
    /// Nobody looks after the tokens.
    Neglect,
    /// Tokens that are well are called dead.
    FalseAlarm,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub tokens: usize,
    pub checks: u64,
    pub blows: usize,
    pub restarts: usize,
    pub deaths: usize,
    pub ends: usize,
    pub incidents: usize,
    pub flapping: usize,
    pub letters: usize,
    pub to_operators: usize,
    pub summaries: usize,
    /// Deaths that nobody was told of within a check interval, and ends that nobody was told of before they came.
    pub missed: usize,
    pub missed_ends: usize,
    /// Letters that named a token that was fine, or called well what was not.
    pub false_alarms: usize,
    pub false_farewells: usize,
    /// Page admins who were written to though only the operator could act.
    pub bothered: usize,
    /// Open incidents of the same cause and person.
    pub doubled: usize,
    /// Letters that nobody had when it ended.
    pub unsent: u64,
}

impl Counts {
    pub const fn is_good(&self) -> bool {
        self.missed == 0
            && self.missed_ends == 0
            && self.false_alarms == 0
            && self.false_farewells == 0
            && self.bothered == 0
            && self.doubled == 0
            && self.unsent == 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} tokens, {} answers of Meta's, {} blows, {} restarts",
            self.tokens, self.checks, self.blows, self.restarts
        )?;
        writeln!(
            f,
            "{} deaths, {} of them by an end that was known; {} incidents, {} that came again and again",
            self.deaths, self.ends, self.incidents, self.flapping
        )?;
        writeln!(
            f,
            "{} letters: {} to people, {} to operators alone, {} of these summaries",
            self.letters,
            self.letters - self.to_operators,
            self.to_operators,
            self.summaries
        )?;
        write!(
            f,
            "deaths not told of in time {}, ends not told of before {}, letters about what was fine {}, farewells too \
             early {}, people bothered in vain {}, doubled incidents {}, letters unsent {}",
            self.missed,
            self.missed_ends,
            self.false_alarms,
            self.false_farewells,
            self.bothered,
            self.doubled,
            self.unsent
        )
    }
}

pub async fn live(options: Options) -> Result<Counts> {
    let mut town = Town::settle(options.tokens, options.seed).await?;
    let start = town.now;
    let mut fates = Fates::draw(&town, options.days, options.seed);
    let mut ledger = Ledger::open(&town, options.step).await?;
    let end = start + SignedDuration::from_hours(24 * options.days);
    while town.now < end {
        town.move_to(town.now + options.step);
        for blow in fates.strike(town.now) {
            ledger.note_blow();
            blow.fall(&mut town).await?;
        }
        town.act().await?;
        ledger.look(&town).await?;
        let broken = town.now > start + SignedDuration::from_hours(240);
        let sabotage = Some(options.sabotage).filter(|_| broken);
        if sabotage != Some(Sabotage::Neglect) {
            town.sweep().await?;
        }
        if sabotage == Some(Sabotage::FalseAlarm) {
            town.slander()?;
        }
        if sabotage != Some(Sabotage::Silence) {
            town.write().await?;
            let letters = ledger.read(&town).await?;
            town.receive(&letters);
            town.send().await?;
        }
    }
    ledger.close(&town).await
}

/// A moment of the town's time.
type Moment = Timestamp;

#[cfg(test)]
mod tests;
