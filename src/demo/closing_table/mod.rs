//! The closing table and the line that can be quoted, computed only from the inventory and the simulated world.

mod row;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::consumer::Consumer;
use super::error::Error;
use super::fixtures::Fixtures;
use super::harness::Harness;
use super::observer::Observer;
use crate::graph_sim::Endpoint;

pub(super) use row::Row;

/// The result of a demo run.
#[derive(Debug)]
pub struct ClosingTable {
    pub(super) rows: Vec<Row>,
    days: u16,
    emails: usize,
    to_operators: usize,
    false_alarms: usize,
    calls: u64,
    /// Codes that Meta's dialog gave to people and the daemon redeemed.
    logins: u64,
    deliveries: usize,
}

pub(super) const LEGEND: &str = "at Meta: whether Meta accepts the token that Perennial serves · versions: how many secrets it has had · \
    renewed: by Perennial alone · deaths: how often Meta ended it · emails: about it · ✓ Perennial's state is true, each \
    death was reported in time, and the chatbot has the token";

impl ClosingTable {
    pub(super) async fn reach(
        harness: &Harness,
        fixtures: &Fixtures,
        watch: &Observer,
        consumer: &Consumer,
        days: u16,
    ) -> Result<Self, Error> {
        let mut rows = Vec::with_capacity(fixtures.tokens.len());
        for role in &fixtures.tokens {
            let is_delivered = consumer.has(&role.name, watch.secret(&role.name));
            let survival = watch.close(role, harness.now());
            rows.push(Row::of(harness, role, survival, is_delivered).await?);
        }
        let world = harness.meta.world();
        let calls = world.call_log();
        Ok(Self {
            rows,
            days,
            emails: watch.emails,
            to_operators: watch.to_operators,
            false_alarms: watch.false_alarms,
            calls: calls.total(),
            logins: calls.calls(Endpoint::CodeExchange),
            deliveries: consumer.confirmed,
        })
    }

    /// Whether every token that could live is alive, every other one was reported, and no email was needless.
    pub fn is_good(&self) -> bool {
        self.false_alarms == 0 && self.rows.iter().all(Row::is_good)
    }

    pub(super) fn renewals(&self) -> usize {
        self.rows.iter().map(|row| row.renewed).sum()
    }

    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        const HEAD: Style = Style::new().bold();
        const DIM: Style = Style::new().dimmed();
        writeln!(
            out,
            "\n{HEAD}{:<24} {:<23} {:<8} {:<10} {:>8} {:>7} {:>6} {:>6}{HEAD:#}",
            "token",
            "what it is",
            "at Meta",
            "Perennial",
            "versions",
            "renewed",
            "deaths",
            "emails"
        )?;
        self.folded().iter().try_for_each(|row| row.print(out))?;
        for line in super::narration::wrapped(LEGEND, super::narration::WIDTH) {
            writeln!(out, "{DIM}{line}{DIM:#}")?;
        }
        Ok(())
    }

    /// The pages of a person to which the same happened are one row.
    pub(super) fn folded(&self) -> Vec<Row> {
        let mut folded: Vec<Row> = Vec::new();
        for row in &self.rows {
            match folded.iter_mut().find(|known| known.is_like(row)) {
                Some(known) => known.add_page(),
                None => folded.push(row.clone()),
            }
        }
        folded
    }

    /// What happened, in lines to quote; and then whether it was right.
    pub fn print_summary(&self, out: &mut impl Write) -> io::Result<()> {
        const QUOTED: Style = Style::new().bold();
        writeln!(out, "{}", self.details())?;
        writeln!(out, "\n{QUOTED}{}{QUOTED:#}", self.quotable())?;
        let (style, text) = self.verdict();
        writeln!(out, "{style}{text}{style:#}")
    }

    pub(super) fn details(&self) -> String {
        format!(
            "{} to people, {} to the operator, {} needless. {} deliveries. {} calls to Meta.",
            counted(self.emails - self.to_operators, "email"),
            self.to_operators,
            self.false_alarms,
            self.deliveries,
            self.calls
        )
    }

    /// What happened, in one line.
    pub fn quotable(&self) -> String {
        let lapsed = self.rows.iter().filter(|row| !row.alive);
        let lapsed = match lapsed.clone().count() {
            0 => "none lapsed".to_owned(),
            count => {
                let emails = lapsed.map(|row| row.survival.notified).max();
                let emails = counted(emails.unwrap_or_default(), "unanswered email");
                format!("{count} lapsed after {emails}")
            }
        };
        format!(
            "{}: {}; {} by itself; {}; {}; {lapsed}.",
            counted(self.days.into(), "day"),
            counted(self.rows.len(), "token"),
            counted(self.renewals(), "renewal"),
            counted(self.emails, "email"),
            counted(usize::try_from(self.logins).unwrap_or(usize::MAX), "login"),
        )
    }

    pub(super) fn verdict(&self) -> (Style, &'static str) {
        if self.is_good() {
            (
                AnsiColor::Green.on_default().bold(),
                "Every token that could be kept alive is alive; every other one was reported in time.",
            )
        } else {
            (
                AnsiColor::Red.on_default().bold(),
                "Something was missed: see the rows marked with ✗.",
            )
        }
    }
}

fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}
