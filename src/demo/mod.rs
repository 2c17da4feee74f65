//! `perennial demo`: the real daemon code on a simulated Meta, months in seconds.
//!
//! - `draw`: what the seed decides · `fixtures`: people, pages and tokens · `outcome`: what happens to them
//! - `inbox`, `mime`: people read their email · `visit`, `browser`: and click the link in it · `consumer`: the chatbot
//! - `apps`, `premises`, `harness`: configuration, inventory, servers and clock
//! - `narration`: prints what happens · `foresight`: the forecast, and how it came true
//! - `observer`: compares Perennial with the simulated world · `closing_table`: the result · `report`: pages to keep

mod apps;
mod browser;
mod closing_table;
mod consumer;
mod draw;
mod error;
mod fixtures;
mod foresight;
mod harness;
mod inbox;
mod mime;
mod narration;
mod observer;
mod outcome;
mod premises;
mod report;
mod visit;

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use consumer::Consumer;
use draw::Draw;
use fixtures::Fixtures;
use foresight::Foresight;
use harness::Harness;
use inbox::Inbox;
use narration::Printer;
use observer::Observer;
use outcome::ScheduledFaults;

use crate::model::{EventId, EventRecord};

pub use closing_table::ClosingTable;
pub use error::Error;

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

/// More than a run records.
const ALL_EVENTS: usize = 1_000_000;

/// How far the clock of a demo that is left running jumps at most, in real time.
const TICK: Duration = Duration::from_secs(1);

/// A finished demo run. Its socket and folder remain until it is dropped.
#[derive(Debug)]
pub struct DemoRun {
    options: Options,
    scenario: Scenario,
    pub closing_table: ClosingTable,
}

impl DemoRun {
    /// Runs the demo and prints what happens to `out`.
    pub async fn live(options: Options, out: &mut impl Write) -> Result<Self, Error> {
        let mut run = Scenario::begin(options).await?;
        let end = run.harness.now() + SignedDuration::from_hours(24 * i64::from(options.days));
        let forecast = run.foresight.sentences();
        narration::opening(&run.fixtures, options.days, &forecast, out)?;
        while run.harness.now() < end {
            run.step(end, out).await?;
        }
        run.printer.print_all(out)?;
        run.harness.show().await?;
        let closing_table = run.close(options.days).await?;
        Ok(Self {
            options,
            scenario: run,
            closing_table,
        })
    }

    /// Prints how it ended.
    pub fn print_end(&self, out: &mut impl Write) -> io::Result<()> {
        let Scenario {
            printer, fixtures, ..
        } = &self.scenario;
        writeln!(out, "{}", printer.not_shown())?;
        self.closing_table.print(out)?;
        let foresight = &self.scenario.foresight;
        foresight.print(fixtures, &self.closing_table, out)?;
        self.closing_table.print_summary(out)
    }

    /// The journal at the end.
    pub async fn events(&self) -> Result<Vec<EventRecord>, Error> {
        let inventory = &self.scenario.harness.inventory;
        let events = inventory.read(|view| view.events(EventId(0), None, ALL_EVENTS));
        Ok(events.await?)
    }

    /// Writes the emails, and a page about the whole run, into `folder`.
    pub fn write_report(&self, folder: &Path) -> io::Result<()> {
        let run = &self.scenario;
        let facts = report::Facts {
            seed: self.options.seed,
            days: self.options.days,
            table: &self.closing_table,
            compared: run.foresight.compared(&run.fixtures, &self.closing_table),
            renewals: run.foresight.renewals(&self.closing_table),
            lines: &run.printer.lines,
            not_shown: run.printer.not_shown(),
            emails: &run.inbox.mailed,
            zone: run.harness.timezone(),
        };
        report::write(folder, &run.harness.mail(), &facts)
    }

    /// The folder of the run, which is removed at its end.
    pub fn folder(&self) -> &Path {
        self.scenario.harness.folder()
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
            self.scenario.act(next).await?;
            self.scenario.printer.print_all(out)?;
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
    consumer: Consumer,
    foresight: Foresight,
    watch: Observer,
    printer: Printer,
    sabotage: Sabotage,
}

impl Scenario {
    /// Imports the tokens and checks each for the first time.
    async fn begin(options: Options) -> Result<Self, Error> {
        let harness = Harness::set(options.seed).await?;
        let start = harness.now();
        let draw = Draw::new(start, options.seed);
        let fixtures = Fixtures::enter(&harness, &draw).await?;
        if options.sabotage == Sabotage::RefusedRenewals {
            fixtures.refuse_renewals(&harness)?;
        }
        harness.sweep().await?;
        Ok(Self {
            faults: ScheduledFaults::new(&draw, start),
            inbox: Inbox::new(options.seed),
            consumer: Consumer::new(harness.tokens(), fixtures.names()),
            foresight: Foresight::ask(&harness, options.days).await?,
            watch: Observer::new(&fixtures),
            printer: Printer::new(start, harness.timezone().clone()),
            sabotage: options.sabotage,
            fixtures,
            harness,
        })
    }

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
        self.printer.print_days_before(next, out)?;
        self.act(next).await
    }

    /// Everything that happens at that moment.
    async fn act(&mut self, next: Timestamp) -> Result<(), Error> {
        self.harness.move_to(next);
        for (tone, demo_fault) in self.faults.strike(&self.fixtures, &self.harness)? {
            self.printer.at_meta(next, tone, demo_fault);
        }
        self.inbox.act(&self.fixtures, &self.harness).await?;
        self.watch.observe(&self.harness, &self.fixtures).await?;
        let neglected = next > self.faults.start() + SignedDuration::from_hours(240);
        if self.sabotage != Sabotage::Neglect || !neglected {
            self.harness.sweep().await?;
        }
        if self.sabotage != Sabotage::Silence {
            self.harness.run_alerts().await?;
        }
        if self.harness.deliver().await? > 0 {
            self.consumer.read(&self.harness).await?;
        }
        self.look_again().await?;
        self.printer.journal(&self.harness).await?;
        let emails = self.inbox.read(&self.fixtures, &self.harness)?;
        self.watch
            .emails(&self.harness, &self.fixtures, &emails)
            .await
    }

    async fn look_again(&mut self) -> Result<(), Error> {
        let looked = self.inbox.look_again(&self.fixtures, &self.harness);
        for done in looked.await? {
            let day = self.printer.day(done.at);
            self.foresight.record(&done, day, &self.harness).await?;
            self.printer.person(&done);
        }
        Ok(())
    }

    async fn close(&mut self, days: u16) -> Result<ClosingTable, Error> {
        self.watch.observe(&self.harness, &self.fixtures).await?;
        let (harness, fixtures) = (&self.harness, &self.fixtures);
        ClosingTable::reach(harness, fixtures, &self.watch, &self.consumer, days).await
    }
}
