//! The summary for the operators in words: what is, what is to come, what was done.

mod lines;

use serde::Serialize;

use super::{AMBER, GREEN, Page, RED, recipients_of};
use crate::alerts::digest::DigestFacts;
use crate::alerts::language::{Summary, fill};
use crate::alerts::words;

/// A part of the summary under a heading of its own.
#[derive(Debug, Serialize)]
pub(in crate::alerts) struct Section {
    title: String,
    lines: Vec<Line>,
    more: Option<String>,
}

#[derive(Debug, Serialize)]
pub(in crate::alerts) struct Line {
    title: String,
    detail: String,
}

/// How many lines a section has at most.
const LINES: usize = 15;

pub(in crate::alerts) fn summary(facts: &DigestFacts) -> Page {
    let say = facts.say();
    let headline = facts.headline();
    Page {
        language: facts.language.code(),
        subject: fill(say.subject, &[("headline", &headline)]),
        colour: match (facts.fleet.dead, facts.is_all_well()) {
            (_, true) => GREEN,
            (0, false) => AMBER,
            (1.., false) => RED,
        },
        label: if facts.is_all_well() {
            say.all_well.to_owned()
        } else {
            fill(
                say.incidents_open,
                &[("count", &facts.counted(facts.incidents.len()))],
            )
        },
        headline,
        about: fill(
            say.period,
            &[
                ("from", &facts.language.date(facts.since, &facts.zone)),
                ("until", &facts.language.date(facts.now, &facts.zone)),
            ],
        ),
        why: facts.fleet_in_words(),
        sections: facts.sections(),
        footer: facts.footer(),
        ..Page::default()
    }
}

impl DigestFacts {
    const fn say(&self) -> &'static Summary {
        &self.language.catalogue().summary
    }

    fn counted(&self, of: usize) -> String {
        self.language.count(of as u64)
    }

    fn headline(&self) -> String {
        let say = self.say();
        let total = self.language.count(self.fleet.total());
        let dead = self.language.count(self.fleet.dead);
        match self.fleet.dead {
            0 => fill(say.all_work, &[("total", &total)]),
            _ => fill(say.some_do_not, &[("dead", &dead), ("total", &total)]),
        }
    }

    fn fleet_in_words(&self) -> String {
        let (say, fleet) = (self.say(), self.fleet);
        let states = [
            (fleet.healthy, say.healthy),
            (fleet.expiring, say.expiring),
            (fleet.failing, say.failing),
            (fleet.dead, say.dead),
            (fleet.unverified, say.unverified),
        ];
        let told = states.into_iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, form)| fill(form, &[("count", &self.language.count(count))]))
            .collect();
        match told.as_slice() {
            [] => say.no_tokens.to_owned(),
            told => fill(say.states, &[("states", &told.join(" · "))]),
        }
    }

    fn sections(&self) -> Vec<Section> {
        let say = self.say();
        let waiting = self
            .incidents
            .iter()
            .map(|incident| self.incident(incident));
        let logins = self.logins.iter().map(|login| self.login(login));
        let lone = self.lone_pages.iter().map(|lone| self.lone(lone));
        let versions = self.versions.iter().map(|version| self.version(version));
        [
            self.section(say.waiting, waiting.collect()),
            Some(
                self.section(say.logins, logins.collect())
                    .unwrap_or_else(|| only(say.logins, say.no_logins)),
            ),
            self.section(say.lone_pages, lone.collect()),
            self.section(say.versions, versions.collect()),
            Some(self.deeds_done()),
            self.mail_trouble().map(|trouble| only(say.mail, &trouble)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn section(&self, title: &str, mut lines: Vec<Line>) -> Option<Section> {
        let unnamed = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        let more = fill(
            self.language.phrases().and_more,
            &[("count", &self.counted(unnamed))],
        );
        (!lines.is_empty()).then(|| Section {
            title: title.to_owned(),
            lines,
            more: (unnamed > 0).then_some(more),
        })
    }

    fn deeds_done(&self) -> Section {
        let (say, deeds) = (self.say(), self.deeds);
        let done = [
            (say.renewed, deeds.renewed),
            (say.derived, deeds.derived),
            (say.resolved, deeds.resolved),
            (say.letters, deeds.letters),
        ];
        let lines = done.map(|(title, count)| Line {
            title: fill(title, &[("count", &self.language.count(count))]),
            detail: String::new(),
        });
        Section {
            title: say.deeds.to_owned(),
            lines: lines.into(),
            more: None,
        }
    }

    fn mail_trouble(&self) -> Option<String> {
        let (say, mail) = (self.say(), &self.mail);
        let reason = mail.refusal.as_ref().or(mail.last_error.as_ref());
        let reason = reason.map(|reason| words::line(reason)).unwrap_or_default();
        if mail.undelivered > 0 {
            let count = self.language.count(mail.undelivered);
            return Some(fill(
                say.undelivered,
                &[("count", &count), ("reason", &reason)],
            ));
        }
        let oldest = mail
            .oldest_queued_at
            .filter(|_| mail.last_error.is_some())?;
        let since = self.language.short_moment(oldest, &self.zone);
        let count = self.language.count(mail.queued);
        let values = [
            ("count", count.as_str()),
            ("since", since.as_str()),
            ("reason", reason.as_str()),
        ];
        Some(fill(say.queued, &values))
    }

    fn footer(&self) -> Vec<String> {
        let next = self.next.map(|at| {
            let at = self.language.moment(at, &self.zone);
            fill(self.say().next, &[("at", &at)])
        });
        let went_to = recipients_of(&self.recipients, self.language);
        [Some(went_to), next].into_iter().flatten().collect()
    }
}

fn only(title: &str, line: &str) -> Section {
    Section {
        title: title.to_owned(),
        lines: vec![Line {
            title: line.to_owned(),
            detail: String::new(),
        }],
        more: None,
    }
}
