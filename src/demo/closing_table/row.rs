//! A row of the closing table: a token, or all pages of a person to which the same happened.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::demo::draw::DemoRenewal;
use crate::demo::error::Error;
use crate::demo::fixtures::Role;
use crate::demo::harness::Harness;
use crate::demo::observer::{Survival, is_alive};
use crate::model::{Event, EventId, EventRecord, Outcome, State, Token};

/// More events than a token has.
const EVENTS: usize = 10_000;

#[derive(Clone, Debug)]
pub(in crate::demo) struct Row {
    pub(in crate::demo) name: String,
    pub(in crate::demo) remark: &'static str,
    page_of: Option<&'static str>,
    /// The other pages in this row.
    more: usize,
    pub(in crate::demo) alive: bool,
    pub(in crate::demo) state: State,
    pub(in crate::demo) versions: u32,
    pub(in crate::demo) survival: Survival,
    renewal: DemoRenewal,
    /// The chatbot has the secret that Perennial serves.
    pub(in crate::demo) is_delivered: bool,
    /// The renewals that Meta confirmed with a later end.
    pub(in crate::demo) renewed: usize,
}

impl Row {
    pub(super) async fn of(
        harness: &Harness,
        role: &Role,
        survival: Survival,
        is_delivered: bool,
    ) -> Result<Self, Error> {
        let name = role.name.clone();
        let token = harness
            .inventory
            .read(move |view| view.token_named(&name))
            .await?;
        let token: Token = token.ok_or(Error::Scenario("a token is gone"))?;
        Ok(Self {
            name: role.name.clone(),
            remark: role.remark,
            page_of: role.page_of,
            more: 0,
            alive: is_alive(harness, &role.name).await?,
            state: token.health.state(),
            versions: token.version,
            renewed: renewals(harness, &token).await?,
            renewal: role.renewal,
            is_delivered,
            survival,
        })
    }

    /// Whether Perennial's state agrees with the simulated world, every death was reported, and the chatbot has the token.
    pub(in crate::demo) fn is_good(&self) -> bool {
        let is_reported = self.survival.notified > 0 || self.survival.is_excused;
        let agrees = match self.state {
            State::Healthy | State::Expiring => self.alive || self.survival.is_excused,
            State::Dead => !self.alive && is_reported,
            // It works, and lacks a permission.
            State::Failing => self.alive && is_reported,
            State::Unverified => false,
        };
        let needs_a_person = self.survival.deaths > 0 || self.survival.notified > 0;
        let lapsed = self.renewal == DemoRenewal::ByPerennial && needs_a_person;
        agrees && self.survival.missed == 0 && !lapsed && self.is_delivered
    }

    pub(in crate::demo) fn was_renewed_alone(&self) -> bool {
        self.renewal == DemoRenewal::ByPerennial && self.renewed > 0 && self.is_good()
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        let facts = |row: &Self| {
            let Survival {
                deaths, notified, ..
            } = row.survival;
            let facts = (row.alive, row.state, row.versions, deaths, notified);
            (row.page_of, row.is_good(), facts)
        };
        self.page_of.is_some() && facts(self) == facts(other)
    }

    pub(super) const fn add_page(&mut self) {
        self.more += 1;
    }

    pub(in crate::demo) fn title(&self) -> String {
        match self.more {
            0 => self.name.clone(),
            more => format!("{} + {more} more", self.name),
        }
    }

    pub(in crate::demo) fn what_it_is(&self) -> String {
        match (self.page_of, self.more) {
            (Some(person), 0) => format!("a page of {person}"),
            (Some(person), more) => format!("{} pages of {person}", more + 1),
            (None, _) => self.remark.to_owned(),
        }
    }

    pub(in crate::demo) const fn at_meta(&self) -> &'static str {
        if self.alive { "alive" } else { "dead" }
    }

    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let style = match self.state {
            State::Healthy => AnsiColor::Green.on_default(),
            State::Expiring | State::Failing => AnsiColor::Yellow.on_default(),
            State::Dead => AnsiColor::Red.on_default(),
            State::Unverified => Style::new().dimmed(),
        };
        let mark = if self.is_good() { "✓" } else { "✗" };
        writeln!(
            out,
            "{:<24} {:<23} {:<8} {style}{:<10}{style:#} {:>8} {:>7} {:>6} {:>6} {mark}",
            self.title(),
            self.what_it_is(),
            self.at_meta(),
            self.state,
            self.versions,
            self.renewed,
            self.survival.deaths,
            self.survival.notified,
        )
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
