//! The closing table, computed only from the inventory and the simulated world.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::fixtures::{DemoRenewal, Fixtures, Role};
use super::harness::{Error, Harness};
use super::observer::{Observer, Survival, is_alive};
use crate::model::{Event, EventId, EventRecord, Kind, Outcome, State, Token};

/// More events than a token has.
const EVENTS: usize = 10_000;

/// The result of a demo run.
#[derive(Debug)]
pub struct ClosingTable {
    rows: Vec<Row>,
    emails: usize,
    to_operators: usize,
    false_alarms: usize,
    calls: u64,
}

#[derive(Debug)]
struct Row {
    name: String,
    remark: &'static str,
    kind: Option<Kind>,
    alive: bool,
    state: State,
    versions: u32,
    survival: Survival,
    renewal: DemoRenewal,
    /// The renewals that Meta confirmed with a later end.
    renewed: usize,
}

impl ClosingTable {
    pub(super) async fn reach(
        harness: &Harness,
        fixtures: &Fixtures,
        watch: &Observer,
    ) -> Result<Self, Error> {
        let mut rows = Vec::with_capacity(fixtures.tokens.len());
        for role in &fixtures.tokens {
            rows.push(Row::of(harness, role, watch.close(role, harness.now())).await?);
        }
        Ok(Self {
            rows,
            emails: watch.emails,
            to_operators: watch.to_operators,
            false_alarms: watch.false_alarms,
            calls: harness.meta.world().call_log().total(),
        })
    }

    /// Whether every token that could live is alive, every other one was reported, and no email was needless.
    pub fn is_good(&self) -> bool {
        self.false_alarms == 0 && self.rows.iter().all(Row::is_good)
    }

    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        const HEAD: Style = Style::new().bold();
        writeln!(
            out,
            "\n{HEAD}{:<22} {:<23} {:<8} {:<11} {:>8} {:>6} {:>6}{HEAD:#}",
            "token", "what it is", "at Meta", "Perennial", "versions", "deaths", "emails"
        )?;
        self.rows.iter().try_for_each(|row| row.print(out))?;
        let people = self.emails - self.to_operators;
        writeln!(
            out,
            "\n{people} email{} to people, {} to the operator, {} needless. {} calls to Meta.",
            if people == 1 { "" } else { "s" },
            self.to_operators,
            self.false_alarms,
            self.calls
        )?;
        self.print_renewed_alone(out)?;
        let (style, text) = if self.is_good() {
            (
                AnsiColor::Green.on_default().bold(),
                "Every token that could be kept alive is alive; every other one was reported in time.",
            )
        } else {
            (
                AnsiColor::Red.on_default().bold(),
                "Something was missed: see the rows marked with ✗.",
            )
        };
        writeln!(out, "{style}{text}{style:#}")
    }
}

impl ClosingTable {
    fn print_renewed_alone(&self, out: &mut impl Write) -> io::Result<()> {
        let alone = self.rows.iter().filter(|row| row.was_renewed_alone());
        let alone: Vec<String> = alone
            .map(|row| format!("{} ({})", row.name, times(row.renewed)))
            .collect();
        if alone.is_empty() {
            return Ok(());
        }
        writeln!(out, "Renewed by Perennial alone: {}.", alone.join(", "))
    }
}

fn times(n: usize) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// How often an exchange gave the token a later end.
async fn renewals(harness: &Harness, token: &Token) -> Result<usize, Error> {
    let name = token.name.clone();
    let events = harness
        .inventory
        .read(move |view| view.events(EventId(0), Some(&name), EVENTS))
        .await?;
    let is_renewal = |record: &&EventRecord| {
        let outcome = Outcome::Renewed;
        matches!(record.event, Event::Rotated { outcome: known, .. } if known == outcome)
    };
    Ok(events.iter().filter(is_renewal).count())
}

impl Row {
    async fn of(harness: &Harness, role: &Role, survival: Survival) -> Result<Self, Error> {
        let name = role.name.clone();
        let token = harness
            .inventory
            .read(move |view| view.token_named(&name))
            .await?;
        let token: Token = token.ok_or(Error::Scenario("a token is gone"))?;
        Ok(Self {
            name: role.name.clone(),
            remark: role.remark,
            kind: token.facts.as_ref().map(|facts| facts.kind),
            alive: is_alive(harness, &role.name).await?,
            state: token.health.state(),
            versions: token.version,
            renewed: renewals(harness, &token).await?,
            renewal: role.renewal,
            survival,
        })
    }

    /// Whether Perennial's state agrees with the simulated world and every death was reported.
    fn is_good(&self) -> bool {
        let agrees = match self.state {
            State::Healthy | State::Expiring => self.alive,
            State::Dead => !self.alive && self.survival.notified > 0,
            State::Unverified | State::Failing => false,
        };
        let needs_a_person = self.survival.deaths > 0 || self.survival.notified > 0;
        let lapsed = self.renewal == DemoRenewal::ByPerennial && needs_a_person;
        agrees && self.survival.missed == 0 && !lapsed
    }

    fn was_renewed_alone(&self) -> bool {
        self.renewal == DemoRenewal::ByPerennial && self.renewed > 0 && self.is_good()
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let style = match self.state {
            State::Healthy => AnsiColor::Green.on_default(),
            State::Expiring | State::Failing => AnsiColor::Yellow.on_default(),
            State::Dead => AnsiColor::Red.on_default(),
            State::Unverified => Style::new().dimmed(),
        };
        let at_meta = if self.alive { "alive" } else { "dead" };
        let mark = if self.is_good() { "✓" } else { "✗" };
        let kind = self.kind.map_or("", Kind::as_str);
        writeln!(
            out,
            "{:<22} {:<23} {:<8} {style}{:<11}{style:#} {:>8} {:>6} {:>6} {mark}{}",
            self.name,
            self.remark,
            at_meta,
            self.state,
            self.versions,
            self.survival.deaths,
            self.survival.notified,
            if kind.is_empty() {
                " (kind unknown)"
            } else {
                ""
            }
        )
    }
}
