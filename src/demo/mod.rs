//! `perennial demo`: the real daemon code on a simulated Meta, a whole season in seconds.
//!
//! - `cast`: people, pages and tokens · `fate`: what happens to them · `inbox`: people read their mail and act
//! - `stage`: configuration, inventory, socket and clock · `narrator`: what is told as it happens
//! - `watch`: holds what Perennial says against the simulated world · `verdict`: the closing table

mod closing_table;
mod fixtures;
mod harness;
mod inbox;
mod narration;
mod observer;
mod outcome;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use fixtures::Fixtures;
use harness::Harness;
use inbox::Inbox;
use narration::Printer;
use observer::Observer;
use outcome::ScheduledFaults;

pub use closing_table::ClosingTable;
pub use harness::Error;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub days: u16,
    pub seed: u64,
    pub sabotage: Sabotage,
}

/// What is broken on purpose, to show that the demo would notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    #[default]
    Nothing,
    /// Nobody writes emails.
    Silence,
    /// Nobody looks after the tokens from the tenth day on.
    Neglect,
}

/// How far the clock jumps at most: people and Meta act in between.
const LONGEST_STEP: SignedDuration = SignedDuration::from_mins(30);
/// Nothing is looked at more often.
const SHORTEST_STEP: SignedDuration = SignedDuration::from_mins(1);

/// The clock of a demo that is left running jumps this far at most, in real time.
const TICK: Duration = Duration::from_secs(1);

/// A season that was lived through; the stage stands until it is dropped.
#[derive(Debug)]
pub struct DemoRun {
    scenario: Scenario,
    pub closing_table: ClosingTable,
}

impl DemoRun {
    /// Lives through it, telling `out` what happens.
    pub async fn live(options: Options, out: &mut impl Write) -> Result<Self, Error> {
        let harness = Harness::set(options.seed).await?;
        let fixtures = Fixtures::enter(&harness).await?;
        let end = harness.now() + SignedDuration::from_hours(24 * i64::from(options.days));
        let mut run = Scenario {
            faults: ScheduledFaults::draw(&fixtures, harness.now(), options.seed),
            inbox: Inbox::new(options.seed),
            watch: Observer::new(&fixtures),
            printer: Printer::new(harness.now()),
            sabotage: options.sabotage,
            fixtures,
            harness,
        };
        run.printer.opening(&run.fixtures, out)?;
        while run.harness.now() < end {
            run.step(end, out).await?;
        }
        run.harness.show().await?;
        let closing_table = ClosingTable::reach(&run.harness, &run.fixtures, &run.watch).await?;
        Ok(Self {
            scenario: run,
            closing_table,
        })
    }

    /// Where to look while the stage stands; `program` is how this program is called in a shell.
    pub fn places(&self, program: &str, out: &mut impl Write) -> io::Result<()> {
        narration::places(&self.scenario.harness, program, out)
    }

    /// Goes on in real time until the future is dropped: orders are carried out, tokens checked, emails written.
    pub async fn go_on(&mut self, out: &mut impl Write) -> Result<(), Error> {
        loop {
            let before = Instant::now();
            self.scenario.harness.ordered_within(TICK).await;
            let passed = SignedDuration::try_from(before.elapsed()).unwrap_or_default();
            let next = self.scenario.harness.now() + passed;
            self.scenario.act(next, out).await?;
            self.scenario.harness.show().await?;
        }
    }
}

#[derive(Debug)]
struct Scenario {
    harness: Harness,
    fixtures: Fixtures,
    faults: ScheduledFaults,
    inbox: Inbox,
    watch: Observer,
    printer: Printer,
    sabotage: Sabotage,
}

impl Scenario {
    /// To the next moment at which anything may happen, and through it.
    async fn step(&mut self, end: Timestamp, out: &mut impl Write) -> Result<(), Error> {
        let now = self.harness.now();
        let wanted = [
            self.harness.next_due().await?,
            self.faults.next(),
            self.inbox.next(),
        ];
        let soonest = wanted.into_iter().flatten().min().unwrap_or(end);
        let next = soonest
            .max(now + SHORTEST_STEP)
            .min(now + LONGEST_STEP)
            .min(end);
        self.act(next, out).await
    }

    /// Everything that happens at that moment.
    async fn act(&mut self, next: Timestamp, out: &mut impl Write) -> Result<(), Error> {
        self.harness.move_to(next);
        for demo_fault in self.faults.strike(&self.fixtures, &self.harness)? {
            self.printer.at_meta(next, &demo_fault, out)?;
        }
        for action in self.inbox.act(&self.fixtures, &self.harness).await? {
            self.printer.person(next, &action, out)?;
        }
        self.watch.observe(&self.harness, &self.fixtures).await?;
        let neglected = next > self.faults.start() + SignedDuration::from_hours(240);
        if self.sabotage != Sabotage::Neglect || !neglected {
            self.harness.sweep().await?;
        }
        if self.sabotage != Sabotage::Silence {
            self.harness.run_alerts().await?;
        }
        self.printer.journal(&self.harness, out).await?;
        let emails = self.inbox.read(&self.fixtures, &self.harness).await?;
        self.watch
            .emails(&self.harness, &self.fixtures, &emails)
            .await
    }
}
