//! The closing table: computed from the inventory and the simulated world, and nothing else.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::fixtures::{Fixtures, Role};
use super::harness::{Error, Harness};
use super::observer::{Observer, Survival, is_alive};
use crate::model::{Kind, State, Token};

/// How the season ended.
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
    note: &'static str,
    kind: Option<Kind>,
    alive: bool,
    state: State,
    renewals: u32,
    survival: Survival,
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

    /// Every token that could live lives, every one that could not was reported, and nobody was bothered for nothing.
    pub fn is_good(&self) -> bool {
        self.false_alarms == 0 && self.rows.iter().all(Row::is_good)
    }

    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        const HEAD: Style = Style::new().bold();
        writeln!(
            out,
            "\n{HEAD}{:<22} {:<23} {:<8} {:<11} {:>8} {:>6} {:>5}{HEAD:#}",
            "token", "what it is", "at Meta", "Perennial", "versions", "deaths", "told"
        )?;
        self.rows.iter().try_for_each(|row| row.print(out))?;
        let people = self.emails - self.to_operators;
        writeln!(
            out,
            "\n{people} email{} to people, {} to the operator, {} about nothing. {} calls to Meta.",
            if people == 1 { "" } else { "s" },
            self.to_operators,
            self.false_alarms,
            self.calls
        )?;
        let (style, words) = if self.is_good() {
            (
                AnsiColor::Green.on_default().bold(),
                "Every token that could live lives; every one that could not was reported in time.",
            )
        } else {
            (
                AnsiColor::Red.on_default().bold(),
                "Something was missed: see the rows marked with ✗.",
            )
        };
        writeln!(out, "{style}{words}{style:#}")
    }
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
            note: role.note,
            kind: token.facts.as_ref().map(|facts| facts.kind),
            alive: is_alive(harness, &role.name).await?,
            state: token.health.state(),
            renewals: token.version,
            survival,
        })
    }

    /// Perennial and the world agree, and no death went unheard.
    fn is_good(&self) -> bool {
        let agrees = match self.state {
            State::Healthy | State::Expiring => self.alive,
            State::Dead => !self.alive && self.survival.told > 0,
            State::Unverified | State::Failing => false,
        };
        agrees && self.survival.missed == 0
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
            "{:<22} {:<23} {:<8} {style}{:<11}{style:#} {:>8} {:>6} {:>5} {mark}{}",
            self.name,
            self.note,
            at_meta,
            self.state,
            self.renewals,
            self.survival.deaths,
            self.survival.told,
            if kind.is_empty() {
                " (kind unknown)"
            } else {
                ""
            }
        )
    }
}
