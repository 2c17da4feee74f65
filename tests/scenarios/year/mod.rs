//! A year of a fleet: the real sweeps, logins, emails, mailer and deliveries on a real SQLite file against the simulated
//! Meta, with faults of every kind, compared with the truth at every step. `fleet` is the people and tokens, `premises`
//! the daemon's files, `work` what it does, `pace` how time passes. `faults`, `trouble`, `place` and `disk` are what goes
//! wrong, `people` and `operators` what is done about it. `rules` are the rules, which `invariants` checks of what people
//! are told, `ledger` and `secrets` of the inventory, `mailbox` of the emails that arrived, `foresight` of forecasts. `sabotage` breaks each of them.

mod disk;
mod faults;
mod fleet;
mod foresight;
mod invariants;
mod ledger;
mod mailbox;
mod operators;
mod pace;
mod people;
mod place;
mod premises;
mod rules;
mod sabotage;
mod secrets;
mod trouble;
mod work;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use faults::ScheduledFaults;
use fleet::Fleet;
use invariants::Invariants;
use pace::{Happened, Pace};
pub use rules::{Breaches, RULES};
pub use sabotage::{Sabotage, season};

pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Clone, Debug)]
pub struct Options {
    pub tokens: usize,
    /// The faults are drawn for so many days.
    pub days: i64,
    /// The year ends after so many days, if it ends early.
    pub until: Option<i64>,
    pub seed: u64,
    /// How far the clock moves at a time, at most.
    pub step: SignedDuration,
    /// Of each app; plenty if it is not given.
    pub calls_per_hour: Option<u64>,
    pub sabotage: Option<Sabotage>,
    /// Nothing else runs in this process, so that its disk may be full.
    pub alone: bool,
    /// The kinds of faults that do not happen, to find those that matter.
    pub without: Vec<String>,
    /// Where the inventory is.
    pub folder: PathBuf,
}

/// The results of a year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub tokens: usize,
    pub calls: u64,
    pub steps: usize,
    pub faults: usize,
    pub restarts: usize,
    pub deaths: usize,
    pub ends: usize,
    pub incidents: usize,
    pub flapping: usize,
    pub emails: usize,
    pub to_operators: usize,
    pub summaries: usize,
    /// Ends of a clock that a forecast of a fortnight before named.
    pub foreseen: usize,
    pub breaches: Breaches,
    /// The kinds of faults that were drawn.
    pub kinds: BTreeSet<String>,
    /// The SHA-256 of all events.
    pub log: String,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} tokens, {} calls to Meta, {} steps, {} faults, {} restarts",
            self.tokens, self.calls, self.steps, self.faults, self.restarts
        )?;
        writeln!(
            f,
            "{} deaths, {} of them by an end that was known; {} incidents, {} that came again and again; {} ends foreseen",
            self.deaths, self.ends, self.incidents, self.flapping, self.foreseen
        )?;
        write!(
            f,
            "{} emails: {} to people, {} to operators alone, {} of these summaries",
            self.emails,
            self.emails - self.to_operators,
            self.to_operators,
            self.summaries
        )?;
        for (rule, count, words) in self.breaches.iter() {
            write!(f, "\nbroken {count} times: {}; first {words}", rule.name())?;
        }
        Ok(())
    }
}

/// When the sabotage begins.
const HONEST: SignedDuration = SignedDuration::from_hours(24 * 10);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Lives one year.
struct Year {
    options: Options,
    fleet: Fleet,
    scheduled: ScheduledFaults,
    invariants: Invariants,
    start: Moment,
    end: Moment,
    /// When the daily work was last done.
    daily: Moment,
    sabotaged: usize,
}

pub async fn live(options: Options) -> Result<Counts> {
    note(|| format!("{options:?}"));
    let fleet = Fleet::settle(&options).await?;
    let scheduled = ScheduledFaults::draw(&fleet, &options);
    let kinds = scheduled.kinds();
    let start = fleet.now;
    let days = options.until.unwrap_or(options.days).min(options.days);
    let mut year = Year {
        invariants: Invariants::open(&fleet, &options).await?,
        scheduled,
        start,
        end: start + A_DAY * i32::try_from(days)?,
        daily: start,
        sabotaged: 0,
        options,
        fleet,
    };
    let mut pace = Pace::new(year.options.step);
    let mut steps = 0;
    while year.fleet.now < year.end {
        let known = [year.scheduled.next(), year.fleet.next_act(), Some(year.end)];
        let next = pace.next(year.fleet.now, known.into_iter().flatten());
        pace.see(year.step(next).await?);
        steps += 1;
        if year.is_sabotage_noticed() {
            break;
        }
    }
    let counts = year.invariants.close(&year.fleet).await?;
    Ok(Counts {
        kinds,
        steps,
        ..counts
    })
}

impl Year {
    /// Then there is nothing more to find out.
    fn is_sabotage_noticed(&self) -> bool {
        let sabotage = self.options.sabotage;
        sabotage.is_some_and(|sabotage| self.invariants.is_broken(sabotage.breaks()))
    }

    async fn step(&mut self, now: Moment) -> Result<Happened> {
        let (fleet, invariants) = (&mut self.fleet, &mut self.invariants);
        fleet.move_to(now);
        let faults = self.scheduled.strike(now);
        let mut outside = !faults.is_empty();
        for fault in faults {
            invariants.count_fault();
            note(|| format!("{now} {fault:?}"));
            fault.fall(fleet).await?;
        }
        outside |= fleet.act().await?;
        invariants.look(fleet).await?;
        if now > self.start + HONEST {
            fleet.sabotage = self.options.sabotage;
            fleet.sabotage(self.sabotaged).await?;
            self.sabotaged += 1;
            if fleet.sabotage.is_some() {
                invariants.count_doubled(fleet).await?;
                fleet.end_sabotage()?;
            }
        }
        let is_daily = now >= self.daily + A_DAY;
        if is_daily {
            self.daily = now;
        }
        fleet.recover().await?;
        fleet.check_clock().await?;
        fleet.sweep().await?;
        fleet.write().await?;
        let emails = invariants.read(fleet).await?;
        fleet.receive(&emails);
        fleet.sabotage_emails()?;
        fleet.send(is_daily).await?;
        fleet.deliver(is_daily).await?;
        if is_daily {
            fleet.prune().await?;
        }
        invariants.foresee(fleet).await?;
        let found = invariants.account(fleet, self.start, self.end).await?;
        Ok(Happened { outside, found })
    }
}

/// Prints what happens, to find out why a year is as it is. A disk may be too full for it.
fn note(line: impl FnOnce() -> String) {
    if std::env::var_os("FLEET_YEARS_LOG").is_some() {
        let _ = writeln!(io::stderr(), "{}", line().trim_end());
    }
}

/// A time of the simulation.
type Moment = Timestamp;

#[cfg(test)]
mod tests;
