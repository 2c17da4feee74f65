//! `perennial demo`: the real daemon code on a simulated Meta, months in seconds.
//!
//! - `fixtures`: people, pages and tokens · `outcome`: what happens to them · `inbox`: people read their email and act
//! - `harness`: configuration, inventory, socket and clock · `narration`: prints what happens
//! - `observer`: compares Perennial with the simulated world · `closing_table`: the result

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

/// What is broken on purpose, to show that the demo would detect it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    #[default]
    Nothing,
    /// No emails are written.
    Silence,
    /// No token is checked from the tenth day on.
    Neglect,
    /// Meta refuses to renew the token of the Threads account.
    RefusedRenewals,
}

/// The longest jump of the clock; people and Meta act in between.
const LONGEST_STEP: SignedDuration = SignedDuration::from_mins(30);
/// The shortest jump of the clock.
const SHORTEST_STEP: SignedDuration = SignedDuration::from_mins(1);

/// How far the clock of a demo that is left running jumps at most, in real time.
const TICK: Duration = Duration::from_secs(1);

/// A finished demo run. Its socket and folder remain until it is dropped.
#[derive(Debug)]
pub struct DemoRun {
    scenario: Scenario,
    pub closing_table: ClosingTable,
}

impl DemoRun {
    /// Runs the demo and prints what happens to `out`.
    pub async fn live(options: Options, out: &mut impl Write) -> Result<Self, Error> {
        let harness = Harness::set(options.seed).await?;
        let fixtures = Fixtures::enter(&harness).await?;
        if options.sabotage == Sabotage::RefusedRenewals {
            fixtures.refuse_renewals(&harness)?;
        }
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

    /// Prints where to look while the socket and folder exist; `program` is how a shell calls this program.
    pub fn places(&self, program: &str, out: &mut impl Write) -> io::Result<()> {
        narration::places(&self.scenario.harness, program, out)
    }

    /// Continues in real time until the future is dropped: orders are carried out, tokens checked, emails written.
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
    /// Moves the clock to the next moment at which something may happen, and lets everything act.
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
