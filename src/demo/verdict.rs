//! The closing table: computed from the inventory and the simulated world, and nothing else.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::cast::{Cast, Role};
use super::stage::{Error, Stage};
use super::watch::{Life, Watch, is_alive};
use crate::token::{Kind, State, Token};

/// How the season ended.
#[derive(Debug)]
pub struct Verdict {
    rows: Vec<Row>,
    letters: usize,
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
    life: Life,
}

impl Verdict {
    pub(super) async fn reach(stage: &Stage, cast: &Cast, watch: &Watch) -> Result<Self, Error> {
        let mut rows = Vec::with_capacity(cast.tokens.len());
        for role in &cast.tokens {
            rows.push(Row::of(stage, role, watch.close(role, stage.now())).await?);
        }
        Ok(Self {
            rows,
            letters: watch.letters,
            to_operators: watch.to_operators,
            false_alarms: watch.false_alarms,
            calls: stage.meta.world().ledger().total(),
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
        let people = self.letters - self.to_operators;
        writeln!(
            out,
            "\n{} letters to people, {} to the operator, {} about nothing. {} calls to Meta.",
            people, self.to_operators, self.false_alarms, self.calls
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
    async fn of(stage: &Stage, role: &Role, life: Life) -> Result<Self, Error> {
        let name = role.name.clone();
        let token = stage
            .inventory
            .read(move |view| view.token_named(&name))
            .await?;
        let token: Token = token.ok_or(Error::Play("a token is gone"))?;
        Ok(Self {
            name: role.name.clone(),
            note: role.note,
            kind: token.facts.as_ref().map(|facts| facts.kind),
            alive: is_alive(stage, &role.name).await?,
            state: token.health.state(),
            renewals: token.version,
            life,
        })
    }

    /// Perennial and the world agree, and no death went unheard.
    fn is_good(&self) -> bool {
        let agrees = match self.state {
            State::Healthy | State::Expiring => self.alive,
            State::Dead => !self.alive && self.life.told > 0,
            State::Unverified | State::Failing => false,
        };
        agrees && self.life.missed == 0
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
        let kind = self.kind.map_or("", Kind::word);
        writeln!(
            out,
            "{:<22} {:<23} {:<8} {style}{:<11}{style:#} {:>8} {:>6} {:>5} {mark}{}",
            self.name,
            self.note,
            at_meta,
            self.state,
            self.renewals,
            self.life.deaths,
            self.life.told,
            if kind.is_empty() {
                " (kind unknown)"
            } else {
                ""
            }
        )
    }
}
